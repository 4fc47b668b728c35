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
# # Overview
#
# **How good is the labelling in every market this week, what moved, and where should one look first?**
#
# For whoever leads several markets. One page over all of them: each figure is asked of the engine once, for every
# market and week together. What to do stands on the markets' own pages.

# %% tags=["parameters"]
market: str = "all"  # under which the page is filed; it is about all markets
week: str = ""  # ISO week such as 2026-W46; empty for the latest in the snapshot
audience: str = "internal"  # who reads the page
data: str = ""  # folder of snapshots; empty for the workspace's own
snapshot: str = ""  # a snapshot's id; empty for the current one

# %% tags=["all-markets"]
import labelqa_lib as lq

page = lq.open_overview(week, audience, data, snapshot)
tables, sure = page.tables, page.confidence
lq.display.title("Overview", "How good is every market, what moved, and where should one look first?", **page.title())

# %%
metrics = ["accuracy", "critical_accuracy", "fpr", "fnr", "ata_accuracy", "inconsistency_rate", "overturn_rate", "sla_attainment"]
weekly = lq.measure_each(tables, metrics, by=["market", "week"], confidence=sure)
now, accuracy = weekly[weekly["period"] == page.week], weekly[weekly["metric"] == "accuracy"]
standing = lq.standings(weekly, page.targets, sure)
ranked = lq.league(standing, "accuracy")

# %%
segments = ["market", ("market", "site"), ("market", "queue"), ("market", "reference_label"), ("market", "policy_area")]
moved_quality = lq.compare_segments(tables, "accuracy", segments, confidence=sure)
moved_service = lq.compare_segments(tables, "sla_attainment", ["market", ("market", "queue")], confidence=sure)
moved_appeals = lq.compare_segments(tables, "overturn_rate", ["market"], confidence=sure)
volumes = lq.volumes(tables)

# %%
lq.display.status(lq.league_sentence(ranked, lq.TITLES["accuracy"]))

# %% [markdown]
# ## What needs attention

# %%
moved = [moved_quality, moved_service, moved_appeals]
earlier = page.earlier("overview")
findings = lq.beside(lq.market_findings(standing, moved, volumes.set_index("market")["annotations"]), earlier)
lq.display.findings(findings)
lq.display.sentence(lq.beside_sentence(findings, earlier))
lq.display.behind(weekly=weekly, moved=moved)

# %% [markdown]
# A target is missed when the whole interval lies beyond it. A segment moved when a search over all segments of all
# markets does not find as much by chance (false discovery rate 5 % a metric).
#
# ## League
#
# ### Which market is how good, and how sure is that?

# %%
lq.display.table(ranked, "league", "Accuracy by market, best first", titles=lq.LEAGUE_TITLES, units={"change": "points"}, rows=60)

# %%
lq.display.chart(lq.figures.compare, accuracy[accuracy["period"] == page.week], "market", id="markets", title="Accuracy by market")

# %% [markdown]
# A place is the range that the intervals leave open: where two overlap, either may be ahead. A market is held to its own
# target, so that the order and the status need not agree.
#
# ### How do the other figures stand?

# %%
lq.display.table(now, "figures", "Headline figures by market", titles=lq.TITLES, units=lq.UNITS, rows=60)

# %% [markdown]
# ## Trends
#
# ### Where does accuracy move?

# %%
lq.display.chart(lq.figures.trends, accuracy, "market", id="trends", title="Accuracy by market and week")

# %% [markdown]
# Panels share one scale, the worst of the last week first. A band is the interval.
#
# ## Markets beside each other
#
# ### Does a market stand out beyond chance?

# %%
spread = lq.spread(tables, "market", lq.latest_weeks(tables.weeks, 4), page.workspace.minimum_named_items, confidence=sure)
lq.display.chart(lq.figures.funnel, spread, id="funnel", title="Markets' error rate, last four weeks")

# %% [markdown]
# Inside the curves chance explains the difference. Markets differ in what they are asked to label: one that stands out is
# a question to its report, not an answer.
#
# ### How much is labelled, and how much of it is audited?

# %%
lq.display.table(volumes, "volumes", "Annotations of the week, and those audited with known chance", units={"usual": "count", "share": "rate"},
                 titles={"annotations": "This week", "usual": "Mean of the weeks before", "share": "Share audited"}, rows=60)  # fmt: skip

# %% [markdown]
# ## Data quality and open questions
#
# ### What could not be answered?

# %%
lq.display.missing(page.gaps() + lq.unanswered(weekly))

# %% [markdown]
# ## How this was made

# %%
lq.display.provenance(page.provenance())
