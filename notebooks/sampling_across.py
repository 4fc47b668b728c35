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
# # Sampling plan across markets
#
# **Several markets share their QA hours: who should get how many next week, and what does each market's and each
# site's interval come to?**
#
# For the head of QA. It takes a minute, so it is not in the weekly run: `labelqa run --notebook sampling_across
# --market MY`, or open it here.

# %% tags=["parameters"]
market: str = "MY"  # the market under which the page is filed
markets: list[str] = []  # the markets that share hours; empty for all of the snapshot
hours: float = 0.0  # QA hours a week that they share; 0 for the sum of their own
week: str = ""  # ISO week such as 2026-W46; empty for the market's latest; the plan is for the week after it
audience: str = "internal"  # who reads the page
data: str = ""  # folder of snapshots; empty for the workspace's own
snapshot: str = ""  # a snapshot's id; empty for the current one

# %%
import labelqa_lib as lq

page = lq.open_page(market, week, audience, data, snapshot)
opened = lq.open_markets(markets, page.week, audience, data, page.tables.snapshot.id)
lq.display.title("Sampling plan across markets", "Who gets how many of the QA hours that markets share?", **page.title())

# %%
plans = lq.sampling.plans(opened.tables, opened.sampling)
shared = lq.sampling.share(plans, hours)
told = lq.sampling.by_market(shared)

# %%
lq.display.status(lq.shared_sentence(shared, told))

# %% [markdown]
# ## What needs attention

# %%
lq.display.findings(lq.share_advice(lq.shared_findings(shared, told), shared, told))

# %% [markdown]
# ## The shared plan
#
# ### Who gets how many hours?

# %%
lq.display.table(told, "markets", "Hours and margins, alone and together", titles=lq.sampling.TITLES,
                 units={"audits": "count", "annotations": "count"}, rows=60)  # fmt: skip

# %% [markdown]
# *× as asked* is by how much margins have to grow to fit the hours: 1 where every goal is reached. Together it is one
# factor for all. To have `labelqa draw` follow, write the shared hours into `params/markets/<MARKET>.yaml` as
# `sampling: {hours: …}`.

# %% [markdown]
# ### What does each market's and site's interval come to?

# %%
lq.display.chart(lq.figures.across.margins, lq.sampling.goals_of(shared), id="margins")

# %%
lq.display.table(lq.sampling.goals_of(shared), "goals", "Half-widths promised, alone and together",
                 units=lq.sampling.UNITS, titles=lq.sampling.TITLES, rows=100)  # fmt: skip

# %% [markdown]
# ## What precision costs
#
# ### Which goals would save most when dropped?

# %%
lq.display.table(lq.sampling.dearest(shared), "dearest", "Hours a week that doing without a goal saves",
                 titles=lq.sampling.TITLES, empty="Every goal is reached by the audits that others take.")  # fmt: skip

# %% [markdown]
# ## How this was made

# %%
lq.display.provenance(page.provenance() | lq.sampling.shared_facts(shared))
