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
# # Explore
#
# **What does the report not ask: which segment, which weeks, which metric, and which items are behind it?**
#
# For analysts: one view of a market, from its figure down to the single annotation.

# %% tags=["parameters"]
market: str = "MY"  # the market to look at
week: str = ""  # ISO week such as 2026-W46; empty for the market's latest in the snapshot
audience: str = "internal"  # who reads the page
data: str = ""  # folder of snapshots; empty for the workspace's own
snapshot: str = ""  # a snapshot's id; empty for the current one
view: str = ""  # a permalink of the desk; empty for accuracy by site

# %%
import labelqa_lib as lq

seen = lq.explore.View.from_permalink(view, market, week)
answers = lq.explore.Answers(seen, lq.open_page, audience, data, snapshot)
page = answers.page()
lq.display.title("Explore", "What lies behind a figure?", **page.title())

# %%
lq.explore.desk(answers)

# %%
lq.explore.show.summary(answers)

# %% [markdown]
# ## Segments
#
# ### Where is it better or worse, and did it move?

# %%
lq.explore.show.segments(answers)

# %% [markdown]
# ## Weeks
#
# ### Is the week within its usual range?

# %%
lq.explore.show.trend(answers)

# %% [markdown]
# ## Labels
#
# ### What are labels taken for?

# %%
lq.explore.show.confusion(answers)

# %% [markdown]
# ## Time
#
# ### How long does a label take?

# %%
lq.explore.show.handle_times(answers)

# %% [markdown]
# ## Agents
#
# ### Who labels how much, and how well?

# %%
lq.explore.show.agents(answers)

# %% [markdown]
# Inside the curves chance explains the difference. *Shrunken* is what an agent is likely to do next, with few items
# pulled towards the rate of all.

# %% [markdown]
# ## Items
#
# ### Which annotations are behind the figure?

# %%
lq.explore.show.items(answers)

# %% [markdown]
# ## How this was made

# %%
lq.display.provenance(page.provenance() | answers.facts())
