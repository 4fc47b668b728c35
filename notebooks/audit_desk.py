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
# # Audit desk
#
# **What is the right label of what was drawn for audit?**
#
# For QAs and auditors: the list of `labelqa draw`, one annotation after another, by keyboard.

# %% tags=["parameters"]
market: str = "MY"  # the market whose list it is
week: str = ""  # ISO week such as 2026-W46; empty for the market's latest in the snapshot
audience: str = "internal"  # who reads the page
data: str = ""  # folder of snapshots; empty for the workspace's own
snapshot: str = ""  # a snapshot's id; empty for the current one
folder: str = ""  # where the list lies; empty for audit_lists, the week, the market

# %%
from datetime import UTC, datetime
from functools import partial

import labelqa_lib as lq

page = lq.open_page(market, week, audience, data, snapshot)
work = lq.explore.AuditWork(page, folder)
lq.display.title("Audit desk", "What is the right label of what was drawn for audit?", **page.title())

# %%
lq.explore.answer_desk(work, partial(datetime.now, UTC))

# %% [markdown]
# Say who you are and press *Begin*. A digit or letter chooses a label, 0 the one given, *Enter* saves it and goes on, arrows
# leave one open. Each answer is on the disk before the next annotation is shown; open the page again to continue.

# %% [markdown]
# ## Progress
#
# ### Who has audited how much?

# %%
lq.display.table(lq.explore.progress(work), "progress", "Audits of this list", units={"answered": "count", "of": "count"},
                 empty=work.missing or "The list names no auditor.")  # fmt: skip
lq.display.sentence(work.next_step)

# %% [markdown]
# ## How this was made

# %%
lq.display.provenance(page.provenance())
