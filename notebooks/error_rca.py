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
# # Error root causes
#
# **Why did quality drop: is it real, where, what kind of cause is it, and what would help?**
#
# For the market lead, the site leads and the QA lead: one week against the twelve before it.

# %% tags=["parameters"]
market: str = "MY"  # the market to explain
week: str = ""  # ISO week such as 2026-W46; empty for the market's latest in the snapshot
audience: str = "internal"  # who reads the page
data: str = ""  # folder of snapshots; empty for the workspace's own
snapshot: str = ""  # a snapshot's id; empty for the current one

# %% tags=["own-market"]
import labelqa_lib as lq

page = lq.open_page(market, week, audience, data, snapshot)
tables = page.tables
lq.display.title("Error root causes", "Why did quality drop, and what would help?", **page.title())

# %%
audited = lq.pooled(lq.store.fetch(lq.audited_rows(tables)), page.workspace.minimum_named_items)
found = lq.week_causes(audited, page.week, fewest=page.smallest_cell)
evidence = lq.evidence(tables, audited, found, page.confidence)

# %%
change = lq.accuracy_change(tables, page.confidence)
mix = lq.mix_by_dimension(tables, confidence=page.confidence)
corrected = lq.corrected(tables, confidence=page.confidence)

# %%
recent = audited[audited["week"].isin(tables.weeks[-8:])]
above = lq.above_market(recent, fewest=page.smallest_cell)
level = lq.levels(above, lq.persistence(recent, above))

# %%
lq.display.status(lq.cause_status(change, found))
staff = lq.staff(tables, page.minutes_factor)
earlier = page.earlier("error_rca")
findings = lq.beside(lq.why(change, mix, found, evidence, corrected, level, staff), earlier)
lq.display.findings(findings)
lq.display.sentence(lq.beside_sentence(findings, earlier))

# %% [markdown]
# A cause is a segment with more errors than its baseline weeks, today's mix of work and its agents' own skill let
# expect. Its p-value pays for the whole search: in a week in which nothing changed, one page in twenty names one.

# %% [markdown]
# ## Is it real?
#
# ### Did people change, or the work?

# %%
lq.display.table(change, "change", "Accuracy against the baseline weeks",
                 units={"baseline": "rate"})  # fmt: skip

# %%
lq.display.table(mix, "mix", "The change split into rate and mix, by each dimension on its own",
                 units={"rate": "points", "mix": "points", "share_before": "rate", "share": "rate"},
                 titles={"moved_most": "Moved most", "share_before": "Share before", "share": "Share now"},
                 empty="There is no earlier week, or only one kind of work.")  # fmt: skip

# %%
lq.display.table(corrected, "corrected", "Accuracy as the QAs see it, and corrected by second audits",
                 units={"moved": "points"}, titles=lq.CORRECTED_TITLES)  # fmt: skip

# %% [markdown]
# *Rate* is what the segments themselves moved by, *mix* what more or less of their work did; both add up to the change.
# Segments count by all their work, not by their audits: totals may differ a little from the change above.

# %% [markdown]
# ## Where?
#
# ### Which segments have more errors than expected?

# %%
ranked = lq.ranked(found)
lq.display.chart(lq.figures.causes, ranked, id="causes")

# %%
lq.display.table(ranked, "ranked", "Causes, the surest first",
                 units={"excess_errors": "count", "share_of_change": "rate", "expected": "rate", "now": "rate"},
                 titles={"excess_errors": "Errors more than expected", "share_of_change": "Of the change",
                         "n": "Judged now", "p_value": "p, whole search", "same_as": "The same rows"})  # fmt: skip

# %% [markdown]
# ## What kind?
#
# ### What speaks for and against each cause?

# %%
lq.display.answers(lq.told(found, evidence), "told")

# %% [markdown]
# ### What to do, and what would it gain?

# %%
lq.display.table(lq.actions(found, evidence), "actions", "What to do, and what it would gain at most",
                 units={"avoids": "count", "points": "points"},
                 titles={"avoids": "Errors avoided a week", "points": "Accuracy gained"})  # fmt: skip

# %% [markdown]
# ### Since when?

# %%
lq.display.chart(lq.figures.since, evidence.weekly, evidence.since, id="since")

# %% [markdown]
# ### Which confusions grew?

# %%
lq.display.table(evidence.confusions, "confusions", "Errors beyond what each confusion's share before would have made",
                 units={"more": "count", "before": "rate", "now": "rate", "part": "rate"},
                 titles={"more": "More errors", "n": "Seen now", "part": "Of the growth"})  # fmt: skip

# %% [markdown]
# ### Did the auditors or the instructions change?

# %%
lq.display.table(evidence.second_audits, "second-audits", "Errors that first audits marked, as second audits see them",
                 units={"confirmed": "rate"})  # fmt: skip

# %%
audit_desk = lq.by_auditor(audited, found, tables.weeks[-1:], page.confidence, max(5, page.smallest_cell))
lq.display.table(audit_desk, "by-auditor", "Share of the audits inside that each auditor marks as errors",
                 units={"before": "rate", "now": "rate"},
                 titles={"difference": "Rose by", "n": "Audits now"})  # fmt: skip

# %%
lq.display.table(evidence.instructions, "instructions", "New SOP versions, and the error rate inside from that day on",
                 units={"jump": "points"})  # fmt: skip

# %% [markdown] tags=["items"]
# ## Examples
#
# ### Which items are worth looking at first?

# %% tags=["items"]
lq.display.table(evidence.examples, "examples", "Twenty errors of each cause", rows=60)

# %% [markdown]
# ## Level, not only change
#
# ### Where is the error rate high, week after week?

# %%
lq.display.table(level, "level", "Above the market's own error rate, last eight weeks",
                 units={"excess_errors": "count", "now": "rate", "expected": "rate"},
                 titles={"excess_errors": "Errors beyond the market's rate"},
                 empty="No segment lies above the market's rate by more than chance.")  # fmt: skip

# %%
beyond = lq.above_target(recent, page.target("accuracy").get("target"), fewest=page.smallest_cell)
beyond_levels = lq.levels(beyond, lq.persistence(recent, beyond))
lq.display.table(beyond_levels, "beyond-target", "Above the error rate that the target allows, last eight weeks",
                 units={"excess_errors": "count", "now": "rate", "expected": "rate"},
                 titles={"excess_errors": "Errors beyond the target", "expected": "Allowed"},
                 empty="No segment lies beyond the target by more than chance, or there is no target.")  # fmt: skip

# %% [markdown]
# Searched are all dimensions that the delivery holds, but the label given (with the reference label it says itself
# whether a row is wrong) and the SOP version (a new one has no baseline): both are looked at inside each cause instead.

# %% tags=["items"]
shown = lq.examples(recent, above[:3], tables.weeks[-1:], most=20)
lq.display.table(shown, "level-examples", "Items to look at first where the error rate is high", rows=60)

# %% [markdown]
# ### Who has more errors with the same work?

# %%
peers = lq.above_peers(recent, fewest=page.smallest_cell)
peer_levels = lq.levels(peers, lq.persistence(recent, peers))
lq.display.table(peer_levels, "peers", "Above what their queues and labels let expect",
                 units={"excess_errors": "count", "now": "rate", "expected": "rate"},
                 titles={"excess_errors": "Errors beyond their peers'"},
                 empty="Nobody lies above their peers by more than chance.")  # fmt: skip

# %% [markdown]
# ### Which confusions cost most?

# %%
confusion = lq.confusion(tables, page.pooled, page.confidence, page.market.costs)
lq.display.chart(lq.figures.costly_pairs, confusion, id="costly-pairs", title=page.over("The confusions that cost most"))

# %% [markdown]
# ## What else moved?

# %%
moved_audits = lq.compare_segments(tables, "missed_error_rate", [(), "site"], recent=4, **page.options)
moved_speed = lq.compare_segments(tables, "aht", [(), "site", "queue"], **page.options)
moved_service = lq.compare_segments(tables, "sla_attainment", [(), "queue"], **page.options)
moved_appeals = lq.compare_segments(tables, "overturn_rate", [(), "policy_area"], **page.options)
lq.display.answers(lq.also_moved([moved_audits, moved_speed, moved_service, moved_appeals]), "moved",
                   "No move beyond noise was found in audits, handle times, service and appeals, as far as they were delivered.")  # fmt: skip

# %% [markdown]
# Errors seldom come alone: a slow tool, a backlog or a wave of appeals in the same week is a hint, not a proof.

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
lq.display.provenance(page.provenance())
