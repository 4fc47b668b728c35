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
# # Calibration
#
# **Do agents, QAs and auditors mean the same thing?**
#
# For whoever prepares and scores calibration sessions, before a batch of labels trains a model: the weeks of the
# report together.

# %% tags=["parameters"]
market: str = "MY"  # the market to report on
week: str = ""  # ISO week such as 2026-W46; empty for the market's latest in the snapshot
session: str = ""  # first ISO week after a calibration session; empty to look for one in the data
minutes: int = 60  # length of the next session
audience: str = "internal"  # who reads the page
data: str = ""  # folder of snapshots; empty for the workspace's own
snapshot: str = ""  # a snapshot's id; empty for the current one

# %%
import labelqa_lib as lq

page = lq.open_page(market, week, audience, data, snapshot)
tables, fewest, sure = page.tables, page.workspace.minimum_named_items, page.confidence
lq.display.title("Calibration", "Do agents, QAs and auditors mean the same thing?", **page.title())

# %%
rows, label_set = lq.calibration.overlap(tables), lq.calibration.label_set(tables)
labels, shares = list(label_set["label"]), rows["label"].value_counts(normalize=True)
summary = lq.calibration.agreement(rows, labels, metrics=list(lq.calibration.COEFFICIENTS), confidence=sure)
by_label = lq.calibration.agreement(rows, labels, "label", confidence=sure)
said = {"units": lq.calibration.UNITS, "titles": lq.calibration.TITLES}
nobody = lq.say("Nobody.") if tables.delivered("annotations.agent_id") else ""
no_gold = lq.say("None.") if tables.delivered("gold") else ""
no_qa = lq.say("None on so many.") if tables.delivered("audits") else ""

# %%
consensus = lq.calibration.people_consensus(rows, labels, confidence=sure)
suspicions = {
    "unrelated": lq.calibration.unrelated(rows, labels, fewest),
    "constant": lq.calibration.constant(tables, fewest),
    "copied": lq.calibration.copied(rows, consensus, fewest),
    "too_fast": lq.calibration.too_fast(tables, fewest, confidence=sure),
}

# %%
splits = lq.calibration.splits(tables, confidence=sure)
chosen = lq.calibration.session_items(rows, label_set, consensus, minutes, len(tables.weeks))
held = lq.calibration.sessions_held(tables, rows, session)
moved = lq.calibration.before_after(tables, rows, labels, held, sure)
answers = lq.calibration.gold_answers(tables)
suspects = lq.calibration.suspect_gold(answers)
traps = lq.calibration.traps(tables, rows)

# %%
missed = lq.metrics.spread(tables, "auditor_id", tables.weeks, fewest, "missed_error_rate", confidence=sure)
false = lq.metrics.spread(tables, "auditor_id", tables.weeks, fewest, "false_error_rate", confidence=sure)
confirmed = lq.measure(tables, "ata_accuracy", weeks=tables.weeks, **page.options)
gold = lq.calibration.gold_accuracy(answers, tables.weeks, confidence=sure)
lately = lq.calibration.audits_lately(tables, sure)

# %%
lq.display.status(lq.read_agreement(summary, shares))
lq.display.sentence(lq.read_checks(confirmed, gold))

# %% [markdown]
# ## What needs attention

# %%
findings = lq.calibration_findings(summary, by_label, shares, traps, splits, suspects, suspicions=suspicions,
                                   audits={"missed": missed, "false": false}, lately=lately, session=moved,
                                   items=chosen)  # fmt: skip
findings = lq.recommend(findings, lq.volume(tables), lq.confusion(tables, page.pooled, sure),
                        lq.staff(tables, page.minutes_factor), [missed, false], splits)  # fmt: skip
earlier = page.earlier("calibration")
findings = lq.beside(findings, earlier)
lq.display.findings(findings)
lq.display.sentence(lq.beside_sentence(findings, earlier))

# %% [markdown]
# ## The next session
#
# ### Unclear SOP, or training?

# %%
shown = ["policy_area", "reference_label", "label", "verdict", "share", "ci_low", "ci_high", "sites", "p_value"]
lq.display.table(splits[shown], "splits", "Confusions worth a session, last four weeks", units={"share": "rate"},
                 titles={"reference_label": "Really", "label": "Labelled", "p_value": "Sites alike (p)"},
                 empty="No confusion is frequent enough, or differs between sites.")  # fmt: skip

# %% [markdown]
# Where every site splits the same way, the text is unclear: rewrite it. Where one site differs, the others prove that
# the text can be read: train that site.

# %% [markdown]
# ### Which items are worth the room's time?

# %%
lq.display.table(chosen, "session-items", lq.say("Items for {n} minutes, the most telling first", n=minutes), rows=40,
                 titles={"open": "Open (bits)", "volume": "Disputes a week"},
                 empty="No item was labelled in two ways.")  # fmt: skip

# %% [markdown]
# Value is how open an item is, times how often a week the same two labels are disputed in its queue, times the cost of
# confusing them (doubled between violating and benign, doubled again for critical labels). The second item of one
# dispute counts half, the third a third.

# %% [markdown]
# ### Who differs from the key, and where?

# %%
keyed = lq.measure(tables, "accuracy", by=["agent_id", "policy_area"], weeks=tables.weeks, **page.options)
lq.display.chart(lq.figures.participants, keyed, "agent_id", id="participants", minimum=fewest,
                 title="Agents against the adjudicated key")  # fmt: skip

# %%
scores = lq.measure(tables, "accuracy", by=["agent_id"], weeks=tables.weeks, **page.options)
lq.display.table(lq.worst(lq.named(scores, fewest), 10), "scores", "Agents' score against the adjudicated key")

# %% [markdown]
# The key is the reference label: resolved appeal, else second audit, else audit, else gold.

# %% [markdown]
# ### Did the last session help?

# %%
lq.display.table(moved.drop(columns="own"), "session", "Up to four weeks before and after the session",
                 units={"gwet_ac1": "coefficient"}, titles=said["titles"] | {"accuracy": "Agreement with the key"})  # fmt: skip

# %% [markdown]
# Sites that had no session show what would have happened without one.

# %% [markdown]
# ## Agreement
#
# ### How much do people agree, beyond chance?

# %%
lq.display.table(summary, "agreement", "Agreement of different people on one item", **said,
                 note="n counts items with two labels or more; an agent's first label counts.")  # fmt: skip

# %% [markdown]
# Percent agreement contains chance. AC1 stays readable where one label is common, and suits gates; alpha is what
# papers ask for: .80 is reliable, and below .667 nothing should be concluded. Where they differ, the sentence at the
# top says why.

# %%
lq.display.chart(lq.figures.trend, lq.calibration.agreement(rows, labels, "week", ["gwet_ac1"], sure), id="agreement-weeks",
                 title="Gwet's AC1 by week", unit="coefficient")  # fmt: skip

# %% [markdown]
# ### Which labels do people not share?

# %%
lq.display.table(by_label, "labels", "Each label against all others", **said)

# %% [markdown]
# A rare label agrees in nearly every pair because it is rare: read alpha, not the percentage.

# %% [markdown]
# ### In which policy area do people differ?

# %%
areas = lq.calibration.agreement(rows, labels, "policy_area", confidence=sure)
lq.display.table(areas, "areas", "Agreement by policy area", **said)

# %% [markdown]
# ### Do sites agree with each other as much as within?

# %%
sites = lq.calibration.between_sites(rows, labels, sure)
lq.display.table(sites, "sites", "Agreement within and between sites", **said)

# %% [markdown]
# ### How often are blind pairs inconsistent, and do agents agree with themselves?

# %%
pairs = lq.measure(tables, "inconsistency_rate", weeks=tables.weeks, **page.options)
lq.display.table(pairs, "inconsistency", "Double-blind pairs that differ")
lq.display.table(lq.calibration.self_agreement(rows, sure), "self", "One agent, one item, twice", titles=said["titles"])

# %% [markdown]
# ## Auditors
#
# ### Which QA needs calibration, and where?

# %%
columns = ["auditor_id", "estimate", "ci_low", "ci_high", "n", "expected", "p_value", "flagged"]
rates, qas = {"estimate": "rate", "expected": "rate"}, missed.loc[missed["named"], "auditor_id"]
lq.display.table(missed.loc[missed["named"], columns], "missed", "Errors that QAs passed and tier 2 found", units=rates)
lq.display.table(false.loc[false["named"], columns], "false", "Errors that QAs marked and tier 2 cleared", units=rates,
                 empty=no_qa)  # fmt: skip

# %%
audited = lq.measure(tables, "ata_accuracy", by=["auditor_id", "policy_area"], weeks=tables.weeks, **page.options)
lq.display.chart(lq.figures.participants, audited, "auditor_id", id="qas", minimum=fewest, title="QAs against tier 2")

# %%
both = lq.measure_each(tables, ["missed_error_rate", "false_error_rate"], by=["auditor_id", "policy_area"], weeks=tables.weeks,
                       **page.options)  # fmt: skip
lq.display.table(lq.worst(both[both["auditor_id"].isin(qas)], len(both)), "qa-areas", rows=12,
                 caption="Missed and false errors by QA and policy area, the surest first")  # fmt: skip

# %%
lq.display.table(lately, "audits-lately", "QAs together: the last four weeks after those before",
                 titles={"before": "Before", "after": "Last four weeks"})  # fmt: skip
audit_areas = lq.measure_each(tables, ["missed_error_rate", "false_error_rate"], by=["policy_area"], weeks=tables.weeks, **page.options)
lq.display.table(audit_areas, "audit-areas", "Missed and false errors by policy area")

# %% [markdown]
# ## Gold
#
# ### How well is gold answered, and is it right?

# %%
lq.display.table(gold, "gold", "Accuracy on gold")
lq.display.table(lq.calibration.gold_accuracy(answers, tables.weeks, "policy_area", sure), "gold-areas", "The same by policy area")

# %%
lq.display.table(suspects.drop(columns="p_value").head(10), "suspect-gold", "Gold that people miss who are good on the other gold",
                 units={"expected": "rate"}, empty=no_gold)  # fmt: skip
lq.display.table(lq.calibration.correction(answers, suspects), "correction", "If the flagged gold were what most of them say",
                 units=dict.fromkeys(["before", "after", "difference"], "rate"), empty=no_gold)  # fmt: skip

# %%
lq.display.table(lq.calibration.overdue_gold(tables), "overdue", "Gold due for a refresh", empty=no_gold)

# %% [markdown]
# Gold is flagged where so few right answers are less likely than chance allows over all gold looked at. It may be
# wrong, or the SOP may be: have it adjudicated.

# %% [markdown]
# ## People
#
# ### Whom can one believe?

# %%
believed = lq.calibration.reliability(consensus, fewest)
lq.display.table(believed, "reliability", "Expected share of right labels by agent, the least reliable first",
                 units={"estimate": "rate"}, rows=10)  # fmt: skip

# %%
lq.display.table(lq.calibration.confusions(consensus, fewest), "confusions", "What single agents surely take for what",
                 units={"estimate": "rate"}, empty=nobody)  # fmt: skip

# %% [markdown]
# From the labels alone (Dawid–Skene): who agrees with whom, weighed by how well each does. No gold is used. Where all
# were misled together, all look reliable.

# %% [markdown]
# ### Which labels may not come from looking?

# %%
lq.display.table(suspicions["unrelated"].drop(columns="p_value").head(5), "unrelated", "Labels that say least about what others say",
                 units={"estimate": "coefficient"}, titles={"estimate": "Agreement with most others, beyond chance"})  # fmt: skip
lq.display.table(suspicions["constant"].drop(columns="p_value").head(10), "constant", "Agents with one label only", empty=nobody,
                 units={"estimate": "rate", "expected": "rate"}, titles={"estimate": "Theirs", "expected": "Others'"})  # fmt: skip

# %%
lq.display.table(suspicions["copied"].drop(columns="p_value").head(5), "copied", "Pairs of agents who agree most beyond what their skill explains",
                 units=rates, titles={"estimate": "Same label"}, empty=nobody)  # fmt: skip
lq.display.table(suspicions["too_fast"].drop(columns="p_value").head(5), "too-fast", "Labels faster than a fifth of the queue's median time",
                 units=rates)  # fmt: skip

# %% [markdown]
# *Adjusted* is the share of false names to expect if everybody down to that row were named; 0.05 is the limit. Nobody
# is named on fewer than 30 labels. A name is a question to ask, not a verdict.

# %% [markdown]
# ## Since last week
#
# ### What moved, and what was restated?

# %%
checks = ["inconsistency_rate", "ata_accuracy", "missed_error_rate", "false_error_rate"]
weekly = lq.measure_each(tables, checks, by=["week"], weeks=tables.weeks[-2:], **page.options)
lq.display.table(lq.since_last_week(weekly), "since", "Last week and this week", titles=lq.SINCE_TITLES)
lq.display.table(lq.restated(page.restated, weekly, **page.options), "restated",
                 "Restated since an earlier snapshot of this week", titles=lq.RESTATED_TITLES,
                 note=lq.restated_since(page.restatement), empty="None of these figures moved.")  # fmt: skip

# %% [markdown]
# A change has its own interval; where that holds 0 the two weeks do not differ for sure. Late data restates a week: both
# readings stand here for as long as snapshots are kept.

# %% [markdown]
# ## Data quality and open questions
#
# ### What in this delivery would mislead?

# %%
lq.display.table(traps, "traps", "Traps met in this delivery", empty="Labels were not merged before delivery, no row is in "
                 "two markets, no agent dominates, and no repeated judgement conflicts.")  # fmt: skip

# %% [markdown]
# ### What could not be answered?

# %%
lq.display.missing(lq.calibration_gaps(tables, rows, moved))

# %% [markdown]
# ## How this was made

# %%
lq.display.provenance(page.provenance())
