"""Labels that may not come from looking: unrelated to what others say, never varying, copied, faster than reading.

Every check is a test against ordinary work, with false alarms held to a false discovery rate over all who were tested.
Nobody is judged on fewer than `minimum` labels. What is flagged is a question to ask, not a verdict.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import numpy as np
import pandas as pd
from ibis import _
from scipy import stats

from labelqa_lib.calibration.overlap import known_agents
from labelqa_lib.metrics.judged import annotated
from labelqa_lib.stats import funnel
from labelqa_lib.stats.consensus import Consensus
from labelqa_lib.stats.intervals import wilson
from labelqa_lib.store import Tables, fetch

RELATED = 0.2
"""Agreement with the others beyond chance that ordinary work surely reaches; below it labels tell next to nothing."""

READING_SHARE = 0.2
"""A label faster than this share of its queue's median handle time is taken as given without reading."""

FAST_SHARE = 0.02
"""Only agents with surely more of such labels than this are flagged: everybody hits a wrong key now and then."""


def unrelated(
    rows: pd.DataFrame, labels: Sequence[str], minimum: int = 30, false_discovery_rate: float = 0.05
) -> pd.DataFrame:
    """Whose labels have next to nothing to do with what others say of the same items?

    Parameters
    ----------
    rows : DataFrame
        From `overlap`.
    labels : sequence of str
        The label set; ties of the others' votes go to none.

    Returns
    -------
    DataFrame
        ``agent_id, estimate, n, p_value, adjusted, flagged``: agreement beyond chance with the majority of the others
        (Cohen's kappa), on `n` items where the others have one, and the chance of so little of it in somebody at
        `RELATED`.
    """
    known = known_agents(rows)
    code = pd.Index(labels).get_indexer(known["label"])
    item, _ = pd.factorize(known["item_id"])
    votes = np.zeros((item.max(initial=-1) + 1, len(labels)))
    np.add.at(votes, (item, code), 1)
    others = votes[item]
    others[np.arange(len(code)), code] -= 1
    best = others == others.max(axis=1, keepdims=True)
    decided = (best.sum(axis=1) == 1) & (others.sum(axis=1) > 0)
    pairs = pd.DataFrame({"agent_id": known["agent_id"].to_numpy(), "own": code, "other": others.argmax(axis=1)})[
        decided
    ]
    found = [_kappa(agent, part, len(labels)) for agent, part in pairs.groupby("agent_id") if len(part) >= minimum]
    frame = pd.DataFrame(found, columns=["agent_id", "estimate", "n", "p_value"])
    return _flagged(frame, false_discovery_rate)


def _kappa(agent: str, part: pd.DataFrame, labels: int) -> tuple:
    n = len(part)
    own, other = (np.bincount(part[side], minlength=labels) / n for side in ("own", "other"))
    chance, same = float(own @ other), int((part["own"] == part["other"]).sum())
    if chance >= 1:
        return agent, np.nan, n, 1.0
    return (
        agent,
        (same / n - chance) / (1 - chance),
        n,
        float(stats.binom.cdf(same, n, chance + RELATED * (1 - chance))),
    )


def constant(tables: Tables, minimum: int = 30, false_discovery_rate: float = 0.05) -> pd.DataFrame:
    """Who gives one label only, although their queues hold others?

    Returns
    -------
    DataFrame
        ``agent_id, label, estimate, expected, n, p_value, adjusted, flagged``, one row per agent with a single label:
        `estimate` is its share of theirs (1), `expected` its share of others' labels in the same queues, `p_value` the
        chance of no other label if theirs were drawn from those.
    """
    columns = ["agent_id", "label", "estimate", "expected", "n", "p_value"]
    if not tables.delivered("annotations.agent_id"):
        return _flagged(pd.DataFrame(columns=columns), false_discovery_rate)
    cells = annotated(tables).filter(_.agent_id.notnull()).aggregate(n=_.count(), by=["agent_id", "queue", "label"])
    cells = fetch(cells.order_by("agent_id", "queue", "label")).fillna({"queue": ""})
    judged = cells.groupby("agent_id")["n"].transform("sum") >= minimum
    single = cells[judged & (cells.groupby("agent_id")["label"].transform("nunique") == 1)]
    of_queue = cells.groupby("queue")["n"].sum()
    of_label = cells.groupby(["queue", "label"])["n"].sum()
    key = pd.MultiIndex.from_frame(single[["queue", "label"]])
    others = of_label.reindex(key).to_numpy() - single["n"].to_numpy()
    rest = of_queue.reindex(single["queue"]).to_numpy() - single["n"].to_numpy()
    share = (others + 0.5) / (rest + 1)
    told = single.assign(chance=single["n"] * np.log(share), expected=single["n"] * share).groupby("agent_id").agg(
        label=("label", "first"), n=("n", "sum"), chance=("chance", "sum"), expected=("expected", "sum")
    )  # fmt: skip
    told = told.assign(estimate=1.0, expected=told["expected"] / told["n"], p_value=np.exp(told["chance"]))
    frame = told.reset_index()[columns]
    tested = int(cells[judged]["agent_id"].nunique())
    return _flagged(frame, false_discovery_rate, tested)


def copied(
    rows: pd.DataFrame, found: Consensus | None, minimum: int = 30, false_discovery_rate: float = 0.05
) -> pd.DataFrame:
    """Which two agents give the same labels more often than people who err on their own would?

    Parameters
    ----------
    rows : DataFrame
        From `overlap`.
    found : Consensus or None
        From `people_consensus`: how each of them errs.
    minimum : int
        Two agents with fewer items in common are not compared: a pair is named on these items alone.

    Returns
    -------
    DataFrame
        ``agent_id, other_agent, estimate, expected, n, p_value, adjusted, flagged``: the share of common items with the
        same label, and the share expected of two who err independently, of pairs with `minimum` or more.

    Notes
    -----
    z = (same − expected) / sd by pair. Hard items make all pairs agree on the same error, so z is held to the middle
    and spread that the pairs themselves show (an empirical null, Efron 2004, JASA 99:96), never narrower than chance.
    """
    columns = ["agent_id", "other_agent", "estimate", "expected", "n", "p_value"]
    if found is None:
        return _flagged(pd.DataFrame(columns=columns), false_discovery_rate)
    known = known_agents(rows)
    agent, agents = pd.factorize(known["agent_id"], sort=True)
    table = pd.DataFrame({"item": known["item_id"].to_numpy(), "agent": agent, "label": known["label"].to_numpy()})
    both = table.merge(table, on="item", suffixes=("", "_other")).query("agent < agent_other")
    both = both[both.groupby(["agent", "agent_other"])["item"].transform("size") >= minimum]
    if not len(both):
        return _flagged(pd.DataFrame(columns=columns), false_discovery_rate)
    size = len(found.probabilities.columns)
    confusion = found.confusion.set_index("agent_id").loc[agents, "probability"].to_numpy().reshape(-1, size, size)
    truth = found.probabilities.to_numpy()[found.probabilities.index.get_indexer(both["item"])]
    alike = np.einsum("pkl,pkl->pk", confusion[both["agent"]], confusion[both["agent_other"]])
    expected = (truth * alike).sum(axis=1)
    sums = both.assign(same=both["label"] == both["label_other"], expected=expected, variance=expected * (1 - expected))
    pairs = sums.groupby(["agent", "agent_other"])[["same", "expected", "variance"]].sum()
    n = sums.groupby(["agent", "agent_other"]).size()
    z = ((pairs["same"] - pairs["expected"]) / np.sqrt(np.maximum(pairs["variance"], 1e-9))).to_numpy()
    middle = np.median(z)
    spread = max(1.0, 1.4826 * np.median(np.abs(z - middle)))
    frame = pd.DataFrame({
        "agent_id": agents[pairs.index.get_level_values(0)],
        "other_agent": agents[pairs.index.get_level_values(1)],
        "estimate": (pairs["same"] / n).to_numpy(),
        "expected": (pairs["expected"] / n).to_numpy(),
        "n": n.to_numpy(),
        "p_value": stats.norm.sf((z - max(middle, 0.0)) / spread),
    })  # fmt: skip
    return _flagged(frame, false_discovery_rate)


def too_fast(
    tables: Tables, minimum: int = 30, false_discovery_rate: float = 0.05, confidence: float = 0.95
) -> pd.DataFrame:
    """Who gives more labels faster than anybody can read than others do?

    Returns
    -------
    DataFrame
        ``agent_id, estimate, ci_low, ci_high, n, expected, p_value, adjusted, flagged``: the share of an agent's labels
        below `READING_SHARE` of their queue's median handle time; `expected` is the share of all. The usual spread
        between agents widens the test. Empty where no handle times or agents were delivered.
    """
    columns = ["agent_id", "estimate", "ci_low", "ci_high", "n", "expected", "p_value", "adjusted", "flagged"]
    if not (tables.delivered("annotations.handle_seconds") and tables.delivered("annotations.agent_id")):
        return pd.DataFrame(columns=columns)
    rows = annotated(tables).filter(_.handle_seconds.notnull() & _.agent_id.notnull())
    rows = rows.select("agent_id", "handle_seconds", line=_.queue.coalesce(""))  # rows of which no queue is told are one
    middles = rows.group_by("line").aggregate(middle=_.handle_seconds.median())  # no window: PostgreSQL has no such median
    fast = rows.inner_join(middles, "line").mutate(fast=_.handle_seconds < READING_SHARE * _.middle)
    counts = fetch(fast.aggregate(n=_.count(), fast=_.fast.sum(), by="agent_id").order_by("agent_id"))
    counts = counts[counts["n"] >= minimum].reset_index(drop=True)
    if not len(counts):
        return pd.DataFrame(columns=columns)
    n, events = counts["n"].to_numpy(float), counts["fast"].to_numpy(float)
    expected = float(events.sum() / n.sum())
    variance = funnel.over_dispersion(events, n, expected)[1] if 0 < expected < 1 and len(n) >= 10 else 0.0
    flags = funnel.flags(events, n, expected, variance, false_discovery_rate, minimum)
    low, high = wilson(events, n, confidence)
    told = counts[["agent_id"]].assign(
        estimate=events / n, ci_low=low, ci_high=high, n=counts["n"], expected=expected,
        p_value=flags.p_value, adjusted=flags.adjusted, flagged=flags.flagged & (low >= FAST_SHARE),
    )  # fmt: skip
    return told.sort_values(["p_value", "agent_id"], ignore_index=True)[columns]


def _flagged(frame: pd.DataFrame, rate: float, tested: int | None = None) -> pd.DataFrame:
    """Adjusted by Benjamini and Hochberg over all who were tested, also those whose test is not in the frame (p = 1)."""
    p_value = frame["p_value"].to_numpy(dtype=float)
    rest = np.ones(max((tested or 0) - len(p_value), 0))
    adjusted = stats.false_discovery_control(np.r_[p_value, rest])[: len(p_value)] if len(p_value) else p_value
    return frame.assign(adjusted=adjusted, flagged=adjusted <= rate).sort_values(
        "p_value", kind="stable", ignore_index=True
    )
