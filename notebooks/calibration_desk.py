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
# # Calibration desk
#
# **Do the people in this room read the instruction the same way?**
#
# For a calibration session: everybody judges the same items, blind, and sees the score against the key.

# %% tags=["parameters"]
market: str = "MY"  # the market whose people meet
week: str = ""  # ISO week such as 2026-W46; empty for the market's latest in the snapshot
minutes: int = 60  # length of the session
audience: str = "internal"  # who reads the page
data: str = ""  # folder of snapshots; empty for the workspace's own
snapshot: str = ""  # a snapshot's id; empty for the current one

# %%
from datetime import UTC, datetime
from functools import partial

import labelqa_lib as lq

page = lq.open_page(market, week, audience, data, snapshot)
work = lq.explore.SessionWork(page, minutes)
lq.display.title("Calibration desk", "Do the people in this room read the instruction the same way?", **page.title())

# %%
lq.explore.answer_desk(work, partial(datetime.now, UTC))

# %% [markdown]
# Say who you are and press *Begin*. A digit or letter chooses a label, *Enter* saves it and goes on, arrows leave one open.
# An answer stays as it was given. What others said, and the key, are nowhere in this notebook; the score counts answers to
# items that have a key. The items are those most worth a room's time, as the page *calibration* ranks them, those with a
# key first.

# %% [markdown]
# ## Progress
#
# ### Who has answered how much?

# %%
lq.display.table(work.participants(), "progress", "Participants of this session", units={"answered": "count", "of": "count"},
                 empty=work.missing or "Nobody has answered yet.")  # fmt: skip
lq.display.sentence(work.next_step)

# %% [markdown]
# ## How this was made

# %%
lq.display.provenance(page.provenance())
