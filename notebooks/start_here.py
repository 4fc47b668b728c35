# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Start here
#
# **Which question do you have, and which page answers it?**
#
# | question | page |
# | --- | --- |
# | What does no report ask: any metric, segment and weeks, down to the single annotation? | [explore](explore.ipynb) |
# | How good is a market's labelling this week, and what needs attention? | [market_report](market_report.ipynb) |
# | Why did quality drop? | [error_rca](error_rca.ipynb) |
# | How much should be audited next week, and what? | [sampling_plan](sampling_plan.ipynb) |
# | Which market should get how many QA hours? | [sampling_across](sampling_across.ipynb) |
# | What is the right label of what was drawn for audit? | [audit_desk](audit_desk.ipynb) |
# | Do people mean the same thing, and what should they talk about? | [calibration](calibration.ipynb) |
# | Does everybody in this room read the instruction the same way? | [calibration_desk](calibration_desk.ipynb) |
#
# Open a page and choose *Run*, *Run All Cells*. A market or week is set in a page's first code cell; the command line runs
# the same pages for all markets: `labelqa run`.

# %% tags=["parameters"]
market: str = "MY"  # the market that the pages open on
week: str = ""  # ISO week such as 2026-W46; empty for the market's latest in the snapshot
audience: str = "internal"  # who reads the page
data: str = ""  # folder of snapshots; empty for the workspace's own
snapshot: str = ""  # a snapshot's id; empty for the current one

# %%
import labelqa_lib as lq

page = lq.open_page(market, week, audience, data, snapshot)
lq.display.title("Start here", "What is there to look at?", **page.title())

# %% [markdown]
# ## What is there
#
# ### Which markets and weeks?

# %%
lq.display.table(lq.explore.there(page.tables.snapshot), "there", "Markets and weeks of the snapshot")

# %% [markdown]
# ### What came in last?

# %%
lq.display.quality(page.delivered(), page.tables.snapshot.notes)

# %% [markdown]
# ## How this was made

# %%
lq.display.provenance(page.provenance())
