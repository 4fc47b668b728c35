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
# # Sampling plan
#
# **How much should be audited next week, what, and did last week's plan work?**
#
# For the QA lead, who gives the hours, and the market lead, who reads the intervals that they buy.

# %% tags=["parameters"]
market: str = "MY"  # the market to plan for
week: str = ""  # ISO week such as 2026-W46; empty for the market's latest; the plan is for the week after it
audience: str = "internal"  # who reads the page
data: str = ""  # folder of snapshots; empty for the workspace's own
snapshot: str = ""  # a snapshot's id; empty for the current one
runs: int = 300  # draws from the past in the replay

# %% tags=["own-market"]
import labelqa_lib as lq

page = lq.open_page(market, week, audience, data, snapshot)
tables, rules = page.tables, lq.sampling.Rules(**page.sampling)
lq.display.title("Sampling plan", "How much to audit next week, what, and did last week's plan work?", **page.title())

# %%
plan = lq.sampling.plan(tables, rules)
today = lq.sampling.today(plan.past, plan.goals, rules)
frontier = lq.sampling.frontier(plan)
savings = lq.sampling.savings(plan)

# %%
earlier = lq.sampling.earlier_plan(tables, rules)
kept = lq.sampling.kept(earlier, plan)
uncovered = lq.sampling.uncovered(tables, plan)
lots = lq.sampling.lots(tables, plan)
next_lots = lq.sampling.next_lots(plan, lots)
replayed, sights = lq.sampling.replay(plan, runs, rules.seed)
helped = lq.sampling.assisted(plan, runs, rules.seed)

# %%
lq.display.status(lq.plan_sentence(plan, today, frontier))

# %% [markdown]
# ## What needs attention

# %%
findings = lq.plan_findings(plan, kept, uncovered, replayed, helped, lots, next_lots)
lq.display.findings(lq.plan_advice(findings, plan, kept, frontier, next_lots))

# %% [markdown]
# ## Next week's plan
#
# ### What is audited where?

# %%
lq.display.table(lq.sampling.by_place(plan), "strata", "Random audits by site, queue and policy area",
                 units={"share": "rate"}, titles=lq.sampling.TITLES, rows=60)  # fmt: skip

# %% [markdown]
# Where the model doubts the label, errors are likelier and audits denser; the chance of each audit is noted on the
# list, so that the report weighs it back. `labelqa draw` makes the list from this very plan.

# %% [markdown]
# ### What does it buy?

# %%
lq.display.table(lq.sampling.promises(plan), "promises", "Intervals that the plan promises", units=lq.sampling.UNITS,
                 titles=lq.sampling.TITLES)  # fmt: skip

# %% [markdown]
# A promise is the half-width that the report's interval will have on average, over the errors that the week may bring:
# agents' likeness (the design effect) and its uncertainty come from the market's own past weeks.

# %% [markdown]
# ## What precision costs
#
# ### Where do today's audits lie?

# %%
lq.display.chart(lq.figures.sampling.frontier, frontier, id="frontier", hours=rules.hours,
                 **lq.sampling.points(plan, today))  # fmt: skip

# %% [markdown]
# On the line all margins grow and shrink together.

# %% [markdown]
# ### What would dropping a goal save?

# %%
lq.display.table(lq.sampling.dropped(savings), "savings", "Hours of the week without each goal, all others kept",
                 titles=lq.sampling.TITLES, rows=40, empty="There is no goal to drop.")  # fmt: skip

# %% [markdown]
# A goal that saves nothing is reached by the audits that others take anyway.

# %% [markdown]
# ## Did last week's plan work?
#
# ### Were the promises kept?

# %%
lq.display.table(kept, "kept", "Promised by the plan from the weeks before, and achieved", units=lq.sampling.UNITS,
                 titles=lq.sampling.TITLES, empty="There is no week before to have made a plan.")  # fmt: skip

# %% [markdown]
# The design effect achieved goes into next week's plan.

# %% [markdown]
# ### Who was not covered, and why?

# %%
lq.display.table(uncovered, "uncovered", "Fewer audits than asked for, last week",
                 empty="Nobody is known to have had fewer.")  # fmt: skip

# %% [markdown]
# ## Are the deliveries acceptable?
#
# ### How did each site's weeks fare?

# %%
lq.display.chart(lq.figures.acceptance.lots, lots, id="lots")

# %% [markdown]
# A site's week is a lot; the rules of MIL-STD-105E switch to tightened inspection after two rejected weeks of five.

# %% [markdown]
# ### How is the next week to be inspected?

# %%
lq.display.table(next_lots, "next-lots", "Plan for each site's next week", units=lq.sampling.UNITS,
                 titles=lq.sampling.TITLES)  # fmt: skip

# %%
curves = lq.sampling.curves(plan, next_lots)
lq.display.chart(lq.figures.acceptance.operating, curves, id="operating", aql=rules.aql / 100)

# %%
lq.display.chart(lq.figures.acceptance.sequential, lq.sampling.sequential(plan, next_lots), id="sequential")

# %% [markdown]
# ## Do such plans keep their promise?
#
# ### What came out when the past was drawn from by this plan?

# %%
lq.display.table(replayed, "replay", "The past weeks drawn from by the plan, estimated as in the report",
                 units=lq.sampling.UNITS, titles=lq.sampling.TITLES, empty="Nothing was audited yet.")  # fmt: skip

# %%
lq.display.chart(lq.figures.sampling.replayed, sights, id="replayed")

# %% [markdown]
# ### How many audits would the model's opinion save?

# %%
lq.display.table(helped, "assisted", "Accuracy from the past drawn from by the plan, without and with the model's help",
                 units=lq.sampling.UNITS, titles=lq.sampling.TITLES, empty="There is no accuracy to replay.")  # fmt: skip

# %% [markdown]
# The model's opinion is known of every annotation, audited or not; the market report's figure with the model's help uses
# it in the same way.

# %% [markdown]
# ## Other goals
#
# ### What would another margin take?

# %%
lq.explore.plan_desk(plan)

# %% [markdown]
# ### What would other questions take?

# %%
lq.display.table(lq.audit_sizes(plan, page.targets), "sizes", "Audits that single questions take",
                 units={"audits": "count"}, empty="No goal can be planned for.")  # fmt: skip

# %% [markdown]
# ## Since last week
#
# ### What moved, and what was restated?

# %%
rates = ["accuracy", "critical_accuracy", "fpr", "fnr"]
weekly = lq.measure_each(tables, rates, by=["week"], weeks=tables.weeks[-2:], **page.options)
lq.display.table(lq.since_last_week(weekly), "since", "Last week and this week", titles=lq.SINCE_TITLES)
lq.display.table(lq.restated(page.restated, weekly, **page.options), "restated",
                 "Restated since an earlier snapshot of this week", titles=lq.RESTATED_TITLES,
                 note=lq.restated_since(page.restatement), empty="None of these figures moved.")  # fmt: skip

# %% [markdown]
# A change has its own interval; where that holds 0 the two weeks do not differ for sure. Late data restates a week: both
# readings stand here for as long as snapshots are kept.

# %% [markdown]
# ## How this was made

# %%
lq.display.provenance(page.provenance() | lq.sampling.facts(plan))
