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
# # Market report
#
# **How good is this market's labelling this week, how sure are we, and what needs attention?**
#
# For the market lead and the algorithm, policy and partner teams: one week, against the weeks before it.

# %% tags=["parameters"]
market: str = "MY"  # the market to report on
week: str = ""  # ISO week such as 2026-W46; empty for the market's latest in the snapshot
audience: str = "internal"  # who reads the page
data: str = ""  # folder of snapshots; empty for the workspace's own
snapshot: str = ""  # a snapshot's id; empty for the current one

# %% tags=["own-market"]
import labelqa_lib as lq

page = lq.open_page(market, week, audience, data, snapshot)
tables, targets = page.tables, page.targets
lq.display.title("Market report", "How good is the labelling, and what needs attention?", **page.title())

# %%
headline_metrics = [
    "accuracy", "critical_accuracy", "fpr", "fnr", "ata_accuracy", "inconsistency_rate", "overturn_rate",
    "sla_attainment", "utilization",
]  # fmt: skip
weekly = lq.measure_each(tables, headline_metrics, by=["week"], **page.options)
standing = lq.headline(weekly, targets, page.confidence)

# %%
segments = [(), "site", "queue", "reference_label", "policy_area", ("site", "reference_label")]
moved_quality = lq.compare_segments(tables, "accuracy", segments, **page.options)
moved_audits = lq.compare_segments(tables, "missed_error_rate", [(), "site", "policy_area"], recent=4, **page.options)
moved_appeals = lq.compare_segments(tables, "overturn_rate", [(), "policy_area"], **page.options)
moved_speed = lq.compare_segments(tables, "aht", [(), "site", "queue"], **page.options)
moved_service = lq.compare_segments(tables, "sla_attainment", [(), "queue"], **page.options)

# %%
control = lq.control_chart(tables, "accuracy", **page.options)
gaps = lq.critical_gaps(tables)
corrected = lq.corrected(tables, **page.correction)
assisted = lq.assisted(tables, confidence=page.confidence)
fewest = page.workspace.minimum_named_items
agents = lq.spread(tables, "agent_id", tables.weeks, fewest, confidence=page.confidence)
sites = lq.spread(tables, "site", lq.latest_weeks(tables.weeks, 4), fewest, confidence=page.confidence)
split = lq.split_change(tables, "queue", page.confidence)

# %%
lq.display.status(lq.status(standing))
lq.display.headline(standing)
lq.display.sentence(lq.how_sure(corrected, targets, assisted, page.confidence))

# %% [markdown]
# ## What needs attention

# %%
moved = [moved_quality, moved_audits, moved_appeals, moved_speed, moved_service]
findings = lq.find(standing, moved, lq.volume(tables), split=split, spreads=[agents, sites], chart=control,
                   gaps=gaps, corrected=corrected)  # fmt: skip
findings = lq.recommend(findings, lq.volume(tables), lq.confusion(tables, page.pooled, page.confidence),
                        lq.staff(tables, page.minutes_factor), [agents, sites])  # fmt: skip
earlier = page.earlier("market_report")
findings = lq.beside(findings, earlier)
lq.display.findings(findings)
lq.display.sentence(lq.beside_sentence(findings, earlier))
lq.display.behind(weekly=weekly, moved=moved)

# %% [markdown]
# A finding is listed when a whole interval lies beyond a target, or when a segment moved further from its baseline
# weeks than a search over all segments finds by chance (false discovery rate 5 % a metric). Audits of audits are few: their
# last four weeks are compared. Where accuracy moved, the page *Error root causes* of the same week says why: which
# segments, since when, what kind of cause and what to do (`labelqa run --notebook error_rca`).
#
# ### Which three things would gain most?

# %%
lq.display.table(lq.best(findings), "best", "What to do first", titles=lq.BEST_TITLES, units={"hours": "hours"},
                 empty="No finding asks for anything that would gain accuracy.")  # fmt: skip

# %% [markdown]
# A gain is the finding undone altogether: the segment back at what it was, the confusions gone, the target met. It is
# the most that can be had, with the finding's own interval; two findings about the same errors do not add up. Hours are
# people's time, once, counted the same everywhere.

# %% [markdown] tags=["internal"]
# ## Actions
#
# ### What is open, and what is overdue?

# %% tags=["internal"]
actions = page.actions()
lq.display.sentence(lq.register_sentence(actions))
lq.display.table(lq.open_actions(actions), "actions", "Open at the end of the week", titles=lq.OPEN_TITLES,
                 units={"gain": "points"}, empty="Nothing is open.")  # fmt: skip

# %% [markdown] tags=["internal"]
# ### Did closed actions do what was expected?

# %% tags=["internal"]
effects = lq.effects(tables, actions, **page.options)
lq.display.table(lq.worked(effects), "effects", "The finding's metric before and after", titles=lq.EFFECT_TITLES,
                 units={"expected": "points", "achieved": "points"}, empty="None of the register is done.")  # fmt: skip
lq.display.table(lq.learned(effects), "learned", "What works: means over closed actions", titles=lq.LEARNED_TITLES,
                 units={"expected": "points", "achieved": "points"}, empty="No action can be judged yet.")  # fmt: skip

# %% [markdown] tags=["internal"]
# Up to four weeks before an action was opened against as many after it was closed, where its finding is; whatever else
# changed in between counts as well. `labelqa actions` keeps the register.

# %% [markdown]
# ## Since last week
#
# ### What moved, and what was restated?

# %%
lq.display.table(lq.since_last_week(weekly), "since", "Last week and this week", titles=lq.SINCE_TITLES)
lq.display.table(lq.restated(page.restated, weekly, **page.options), "restated",
                 "Restated since an earlier snapshot of this week", titles=lq.RESTATED_TITLES,
                 note=lq.restated_since(page.restatement), empty="No figure of the first screen moved.")  # fmt: skip

# %% [markdown]
# A change has its own interval; where that holds 0 the two weeks do not differ for sure. Late data restates a week: both
# readings stand here for as long as snapshots are kept.

# %% [markdown]
# ## Trends
#
# ### Does accuracy hold over the weeks?

# %%
lq.display.chart(lq.figures.control, control, id="accuracy-control", title="Accuracy within its usual range",
                 **page.target("accuracy"))  # fmt: skip

# %% [markdown]
# The limits come from the weeks before and stay frozen; a diamond is a signal, and the rule that fired stands beside
# it. A week inside the limits does not differ from the others for sure.

# %% [markdown]
# ### Do critical errors come closer together?

# %%
lq.display.chart(lq.figures.gaps, gaps, id="critical-gaps", title="Good items between two critical errors")

# %% [markdown]
# Critical errors are too rare for a rate by week: what is charted is how many audited items lie between one and the
# next. A run of short gaps is the signal; one short gap is seldom one.

# %%
lq.display.table(lq.rare_changes(tables, "site", page.confidence), "critical-sites",
                 "Critical errors in the week's audits, and against the four weeks before, by site",
                 units={"change": "points"},
                 note="Every audit counts once (Miettinen–Nurminen). An interval across 0 shows no change.")  # fmt: skip

# %% [markdown]
# ### Do the audits flatter us?

# %%
lq.display.table(corrected, "corrected", "Accuracy as the QAs see it, and corrected for their errors",
                 units={"moved": "points"}, titles=lq.CORRECTED_TITLES)  # fmt: skip

# %%
by_site = lq.corrected(tables, ["site"], **page.correction)
lq.display.table(by_site, "corrected-sites", "The same by site", titles=lq.CORRECTED_TITLES)

# %% [markdown]
# QAs err too. Where second audits are too few in one week, those of the weeks just before are pooled in; where there
# are none at all, what the market's params say of its QAs is used.

# %% [markdown]
# ### How much surer does the model make us?

# %%
lq.display.table(assisted, "assisted", "Accuracy as the QAs see it, without and with the model's help",
                 titles=lq.ASSISTED_TITLES)  # fmt: skip

# %%
lq.display.table(lq.assisted(tables, ["site"], confidence=page.confidence), "assisted-sites", "The same by site",
                 titles=lq.ASSISTED_TITLES)  # fmt: skip

# %% [markdown]
# The model has an opinion of every item, audited or not. Where it tells which labels are wrong, the same audits say as
# much as many more would. It makes the QAs' figure surer, not truer: second audits are not in it, and it is not
# combined with them.

# %% [markdown]
# ### Would another method say something else?

# %%
lq.display.table(lq.interval_methods(tables, page.confidence), "interval-methods", "The week's accuracy by method",
                 titles={"takes_for_granted": "Takes for granted"})  # fmt: skip

# %% [markdown]
# Methods that are given the audits' effective number agree where errors are not few. Counting every audit once answers
# another question as soon as audits go to where errors are.

# %% [markdown]
# ### Did people change, or the work?

# %%
lq.display.table(split, "split", "Accuracy against the baseline weeks, split into rate and mix by queue",
                 units=lq.SPLIT_UNITS)  # fmt: skip

# %% [markdown]
# *Rate* is what a queue moved by being labelled better or worse, *mix* by having more or less of the work; both add
# up to the change exactly. Queues count here by all their work, not by their audits: the total may differ a little
# from the first screen's.

# %% [markdown]
# ### Is content wrongly enforced, or let through?

# %%
fpr, fnr = weekly[weekly["metric"] == "fpr"], weekly[weekly["metric"] == "fnr"]
lq.display.chart(lq.figures.trend, fpr, id="fpr-trend", title="False positive rate", **page.target("fpr"))
lq.display.chart(lq.figures.trend, fnr, id="fnr-trend", title="Leakage (miss rate)", **page.target("fnr"))

# %% [markdown]
# False positives are benign items labelled violating; leakage is violating items labelled benign.

# %% [markdown]
# ## Partners and sites
#
# ### Which partner, site or queue is worse than the target, beyond noise?

# %% tags=["internal"]
partners = lq.measure(tables, "accuracy", by=["partner"], **page.options)
lq.display.table(partners, "partners", "Accuracy by partner")

# %%
site_rates = lq.measure(tables, "accuracy", by=["site"], **page.options)
lq.display.chart(lq.figures.compare, site_rates, "site", id="sites", title="Accuracy by site", **page.target("accuracy"))

# %%
queues = lq.measure(tables, "accuracy", by=["queue"], **page.options)
lq.display.chart(lq.figures.compare, queues, "queue", id="queues", title="Accuracy by queue", **page.target("accuracy"))

# %%
site_weeks = lq.measure(tables, "accuracy", by=["site", "week"], **page.options)
lq.display.chart(lq.figures.trends, site_weeks, "site", id="site-trends", title="Accuracy by site and week",
                 **page.target("accuracy"))  # fmt: skip

# %% [markdown]
# A dot is the estimate, the line its interval; a site whose line crosses the target is not shown to miss it.

# %% [markdown]
# ### How do other partners do?

# %%
lq.display.table(lq.against_peers(tables, weekly), "peers", "Beside all other partners of the market", titles=lq.TITLES | lq.PEERS_TITLES,
                 units=lq.UNITS | {"peers": "rate"})  # fmt: skip

# %% [markdown]
# ### Which site stands out?

# %%
lq.display.chart(lq.figures.funnel, sites, id="sites-funnel", title="Sites' error rate, last four weeks")

# %% [markdown]
# ## Labels and confusions
#
# ### Which labels are missed, and what are they taken for?

# %%
by_label = lq.measure_each(tables, ["precision", "recall", "f1"], by=["label"], **page.options)
lq.display.table(by_label, "labels-table", "Precision, recall and F1 by label")

# %%
label_means = lq.measure_each(tables, ["precision_macro", "precision_weighted", "recall_macro", "recall_weighted",
                                       "f1_macro", "f1_weighted"], **page.options)  # fmt: skip
lq.display.table(label_means, "label-means", "Means over labels", titles=lq.TITLES,
                 note="Macro: every label counts the same; weighted: as often as it is the reference.")  # fmt: skip

# %%
confusion = lq.confusion(tables, page.pooled, page.confidence, page.market.costs)
lq.display.chart(lq.figures.confusion, confusion, id="confusion", title=page.over("What each label was taken for"))

# %%
lq.display.chart(lq.figures.costly_pairs, confusion, id="costly-pairs", title=page.over("The confusions that cost most"))

# %% [markdown]
# Rows of the matrix are what items really are, columns what they were labelled; only errors are coloured. A
# confusion costs double when it turns violating content benign or benign content violating.

# %% [markdown]
# ### How accurate is moderation, by official language?

# %%
languages = lq.by_official_language(tables, page.market.official_languages, **page.options)
lq.display.statement(languages, page.market.market, "languages", "Accuracy and errors by official language",
                     note="Also as a file beside this page, in the form that authorities ask for.")  # fmt: skip

# %% [markdown]
# ## Agents
#
# ### How do agents spread, and do new joiners ramp up?

# %%
lq.display.chart(lq.figures.funnel, agents, id="agents-funnel", title="Agents' error rate, all weeks shown")

# %%
lq.display.table(lq.furthest(agents), "agents-table", "Agents with the highest error rate, few items allowed for",
                 units={"shrunken": "rate", "worst_tenth": "rate"},
                 note=lq.say("Only agents with at least {n} audited items are named.", n=fewest))  # fmt: skip

# %% [markdown]
# Inside the curves chance explains the difference. Flags keep false names below 5 %. The *shrunken* rate is what an
# agent is likely to do next, with few items pulled towards the market's rate.

# %%
tenure = lq.tenure(tables, confidence=page.confidence)
lq.display.chart(lq.figures.compare, tenure, "tenure", id="tenure", title="Accuracy by weeks since joining", ordered=True,
                 **page.target("accuracy"))  # fmt: skip

# %% [markdown]
# ## QAs
#
# ### Can the audits be trusted?

# %%
auditors = lq.measure_each(tables, ["ata_accuracy", "missed_error_rate", "false_error_rate"], by=["site"], **page.options)
lq.display.table(auditors, "auditors", "What tier 2 finds in tier-1 audits, by site audited")

# %%
qas = lq.measure(tables, "ata_accuracy", by=["auditor_id"], weeks=tables.weeks, **page.options)
named_qas = lq.worst(lq.named(qas, page.workspace.minimum_named_items))
lq.display.table(named_qas, "qas-table", "QAs by ATA accuracy, all weeks of the report")

# %%
agreement = weekly[weekly["metric"] == "inconsistency_rate"]
lq.display.chart(lq.figures.trend, agreement, id="agreement-trend", title="Inconsistency rate of double-blind pairs",
                 **page.target("inconsistency_rate"))  # fmt: skip

# %% [markdown]
# A missed error is one that tier 1 passed and tier 2 found; a false error is one that tier 1 marked and tier 2
# cleared. Missed errors make raw accuracy look better than it is.

# %% [markdown]
# ## People and hours
#
# ### How is the time spent, and when do errors happen?

# %%
people = lq.measure_each(tables, ["utilization", "occupancy", "shrinkage"], by=["site"], **page.options)
lq.display.table(people, "people-table", "Utilization, occupancy and shrinkage by site")

# %%
times = ["aht", "aht_median", "aht_p90", "throughput"]
hours = lq.measure_each(tables, times, **page.options)
lq.display.table(hours, "hours-table", "Handle time and throughput", units=lq.UNITS,
                 titles=lq.TITLES)  # fmt: skip
site_hours = lq.measure_each(tables, times, by=["site"], **page.options)
lq.display.table(site_hours, "site-hours-table", "Handle time and throughput by site", units=lq.UNITS)

# %%
lq.display.chart(lq.figures.by_hour, lq.by_hour(tables, confidence=page.confidence), id="by-hour")

# %% [markdown]
# ## Appeals and service
#
# ### How often are we overturned, and is work done in time?

# %%
appeals = lq.measure_each(tables, ["appeal_rate", "overturn_rate", "days_to_resolve", "days_to_resolve_p90"],
                          by=["week"], **page.options)  # fmt: skip
lq.display.table(appeals, "appeals-table", "Appeals by week", units=lq.UNITS)

# %%
lq.display.chart(lq.figures.control, lq.appeals_chart(tables, confidence=page.confidence), id="appeals-control",
                 title="Appeals per 1,000 annotations", unit="count")  # fmt: skip

# %%
service = lq.measure_each(tables, ["sla_attainment", "backlog", "backlog_age", "backlog_days"], by=["queue"],
                          **page.options)  # fmt: skip
lq.display.table(service, "service-table", "Service by queue", units=lq.UNITS)

# %%
flow = lq.measure_each(tables, ["arrivals_per_day", "completions_per_day", "backlog"], by=["week"], **page.options)
lq.display.chart(lq.figures.backlog, flow, id="backlog-chart")

# %% [markdown]
# Pending appeals are counted as still waiting, not left out. The age of the backlog is that of its oldest item, taking
# each queue as first in, first out.

# %% [markdown]
# ## Data quality and open questions
#
# ### What came in, and what was left out?

# %% tags=["internal"]
lq.display.quality(page.delivered(), tables.snapshot.notes)
lq.display.table(lq.store.rejected(tables.snapshot), "rejects",
                 "Rows rejected in all markets of the delivery, by the rule they broke", empty="Nothing was rejected.")  # fmt: skip

# %%
lq.display.table(lq.coverage(tables), "coverage", "What the figures stand on, by week")

# %% [markdown] tags=["internal"]
# ### Did the audits keep the plan's promise, and who was not covered?

# %% tags=["internal"]
rules = lq.sampling.Rules(**page.sampling)
outlook, planned = lq.sampling.outlook(tables, rules), lq.sampling.earlier_plan(tables, rules)
lq.display.table(lq.sampling.kept(planned, outlook), "plan-kept", "Intervals that the week's plan promised, and achieved",
                 units=lq.sampling.UNITS, titles=lq.sampling.TITLES,
                 empty="Nothing was audited, or no week before made a plan.")  # fmt: skip

# %% tags=["internal"]
lq.display.table(lq.sampling.uncovered(tables, outlook), "plan-uncovered", "Fewer audits than asked for", rows=8,
                 empty="Nobody is known to have had fewer.")  # fmt: skip

# %% [markdown]
# ### What could not be answered?

# %%
unknown = lq.unanswered(weekly, site_rates, queues, by_label, agents, auditors, people, hours, appeals, service)
lq.display.missing(unknown + lq.no_benchmark(tables))

# %% [markdown]
# ## How this was made

# %%
lq.display.provenance(page.provenance())
