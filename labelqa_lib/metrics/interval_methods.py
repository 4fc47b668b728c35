"""How much hangs on the method? A week's rate bounded in every way that readers know, and rare errors compared."""

from __future__ import annotations

import numpy as np
import pandas as pd
from ibis import _

from labelqa_lib.metrics.cells import cells
from labelqa_lib.metrics.coverage import volume
from labelqa_lib.metrics.judged import AUDITS, sampled
from labelqa_lib.metrics.metric import WEEK
from labelqa_lib.metrics.registry import measure
from labelqa_lib.metrics.summed import Summed, text_column
from labelqa_lib.metrics.withheld import withhold
from labelqa_lib.stats import intervals
from labelqa_lib.store import Tables
from labelqa_lib.translation import N_, say

PLAIN = N_("every audit counted once")
"""What a method takes for granted that knows no weights and no agents."""

_BEFORE = 4

_FOR_COUNTS = {
    N_("Wilson"): intervals.wilson,
    N_("Clopper–Pearson, never covers less than it says"): intervals.clopper_pearson,
    N_("Mid-P, Clopper–Pearson without its excess"): intervals.mid_p,
    N_("Jeffreys, as a probability of rates"): intervals.jeffreys,
}


def interval_methods(tables: Tables, confidence: float = 0.95) -> pd.DataFrame:
    """Would another method say something else about the week's accuracy?

    Parameters
    ----------
    tables : Tables
        The last week is bounded.
    confidence : float
        Of every interval, in (0, 1).

    Returns
    -------
    DataFrame
        A metric frame of accuracy with the dimension ``interval`` (the method's name) and ``takes_for_granted``: the
        report's own first, then those for plain rows with the audits' effective number, then two that count every audit
        once: Wilson's, and the exact one for the week's annotations as a lot (hypergeometric: it bounds the share in this
        lot, not what the process that made it would do next).

    Notes
    -----
    Effective counts are n_effective times the report's estimate. The last two are wrong where audits went to where
    errors are, or agents are alike inside; they stand here because spreadsheets have them.
    """
    report = measure(tables, "accuracy", confidence=confidence).iloc[0]
    week = tables.weeks[-1]
    counts = _plain(tables, (week,), [], _.correct)
    drawn, right = int(counts["n"].sum()), float(counts["outcome"].sum())
    lot = volume(tables)
    size = float(np.nan_to_num(report["n_effective"]))
    hits, worth = size * float(np.nan_to_num(report["estimate"])), say("{n} effective audits taken as plain rows", n=f"{size:,.0f}")
    share = right / drawn if drawn else np.nan
    whole = intervals.hypergeometric(right, drawn, max(lot, drawn), confidence)
    own = (report["ci_low"], report["ci_high"])
    told = [
        (N_("As in this report"), report["estimate"], own, N_("nothing: it knows weights, agents and rare errors")),
        *((name, report["estimate"], bounds(hits, size, confidence), worth) for name, bounds in _FOR_COUNTS.items()),
        (N_("Wilson of counts"), share, intervals.wilson(right, drawn, confidence), PLAIN),
        (N_("Hypergeometric, this week's lot alone"), share, whole, say("every audit counted once, of {n} annotations", n=f"{lot:,}")),
    ]  # fmt: skip
    frame = pd.DataFrame([
        {"metric": "accuracy", "interval": name, "period": report["period"], "estimate": estimate,
         "ci_low": float(low), "ci_high": float(high), "n": report["n"], "n_effective": report["n_effective"],
         "method": report["method"], "reason": report["reason"], "takes_for_granted": words}
        for name, estimate, (low, high), words in told
    ])  # fmt: skip
    undefined = frame["estimate"].isna()
    frame.loc[undefined, ["ci_low", "ci_high"]] = np.nan
    frame["reason"] = frame["reason"].mask(undefined & (frame["reason"] == ""), say("no audits in {week}", week=week))
    return withhold(frame, tables)


def rare_changes(tables: Tables, dimension: str = "site", confidence: float = 0.95) -> pd.DataFrame:
    """Are critical errors, of which a week has a handful or none, more frequent than in the weeks before?

    Parameters
    ----------
    tables : Tables
        The last week is compared with the four before it.
    dimension : str
        What is compared with itself.
    confidence : float
        Of the interval, in (0, 1).

    Returns
    -------
    DataFrame
            A metric frame ``critical_errors`` by the dimension: ``estimate`` is their share of the week's audits, ``n``;
        ``change`` that less the share before, with ``change_low, change_high`` (points); ``errors, errors_before,
        n_before`` are the counts.

    Notes
    -----
    Mid-P of the week's count, Miettinen–Nurminen's score interval of the two, defined where either is 0. Every audit counts once: with so
    few errors a weight of 20 on one of them would be all that is seen. Weeks on gold are left out.
    """
    weeks = tables.weeks[-1 - _BEFORE :]
    counts = _plain(tables, weeks, [dimension, WEEK], _.critical_error)
    names, now, before = _sides(counts, dimension, weeks[-1])
    change, change_low, change_high = intervals.miettinen_nurminen(
        now["outcome"], now["n"], before["outcome"], before["n"], confidence
    )
    undefined, seen = np.isnan(change), now["n"] > 0
    with np.errstate(invalid="ignore"):
        share = now["outcome"] / now["n"]
    low, high = (np.where(seen, bound, np.nan) for bound in intervals.mid_p(now["outcome"], now["n"], confidence))
    frame = pd.DataFrame({
        "metric": "critical_errors", dimension: text_column(names), "period": weeks[-1], "estimate": share,
        "ci_low": low, "ci_high": high, "n": now["n"], "n_effective": now["n"].astype(float),
        "method": np.where(seen, "mid-P; change: Miettinen–Nurminen; every audit once", ""),
        "reason": np.where(undefined, N_("no audits in this week, or none before it"), ""),
        "errors": now["outcome"].astype("int64"), "errors_before": before["outcome"].astype("int64"),
        "n_before": before["n"], "change": change,
        "change_low": np.where(undefined, np.nan, change_low), "change_high": np.where(undefined, np.nan, change_high),
    })  # fmt: skip
    return withhold(frame, tables, ["n_before"])


def _sides(counts: Summed, dimension: str, week: str) -> tuple[list[str], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The values of a dimension, and for each ``outcome`` and ``n`` in the week, and outside of it."""
    value, values = counts.coded(dimension)
    where, weeks = counts.coded(WEEK)
    told, now = (value >= 0) & (value < len(values)), weeks[where] == week
    seen, place = np.unique(value[told], return_inverse=True)
    sides = [{name: np.bincount(place, counts[name][told] * side[told], len(seen)).astype(counts[name].dtype)
              for name in ("outcome", "n")} for side in (now, ~now)]  # fmt: skip
    return [str(one) for one in values[seen]], *sides


def _plain(tables: Tables, weeks: tuple[str, ...], keys: list[str], hit) -> Summed:
    """Audited annotations and hits among them, each counted once: ``n`` and ``outcome`` by the keys and agent."""
    rows = sampled(tables, weeks, weekly=True)[0].filter(_.basis == AUDITS)
    return cells(rows.mutate(weight=1.0), keys, hit, cluster=("agent_id", "item_id"))
