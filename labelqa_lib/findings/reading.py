"""What a page says beside its findings: who is named, what has no answer, what was restated."""

from __future__ import annotations

import pandas as pd

from labelqa_lib import wording
from labelqa_lib.metrics import REGISTRY, measure
from labelqa_lib.store import Restatement, Tables
from labelqa_lib.translation import N_, say


def named(people: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """The rows of a metric frame by person that rest on enough items to put a name to: `n` of at least `minimum`."""
    return people[people["n"] >= minimum].reset_index(drop=True)


def worst(people: pd.DataFrame, most: int = 15) -> pd.DataFrame:
    """The `most` rows that are worst for sure: ordered by the better end of their interval, not by the estimate."""
    if not len(people):
        return people
    higher = REGISTRY[people["metric"].iloc[0]].better == "higher"
    order = people["ci_high"] if higher else -people["ci_low"]
    return people.loc[order.sort_values(kind="stable").index].head(most).reset_index(drop=True)


def furthest(people: pd.DataFrame, most: int = 15) -> pd.DataFrame:
    """Of a frame of `metrics.spread`, those who may be named with the highest shrunken rates, in the columns that a
    reader compares."""
    columns = [people.columns[1], "estimate", "ci_low", "ci_high", "n", "shrunken", "shrunken_low", "shrunken_high",
               "worst_tenth", "flagged"]  # fmt: skip
    shown = people[people["named"]].sort_values("shrunken", ascending=False, kind="stable")
    return shown[columns].head(most).reset_index(drop=True)


def unanswered(*frames: pd.DataFrame) -> list[tuple[str, str]]:
    """Which of the page's questions had no data, and why: pairs of question and reason, each once."""
    pairs = {}
    for frame in frames:
        metrics, known = frame["metric"].to_numpy(), frame["estimate"].notna().to_numpy()
        for metric in dict.fromkeys(metrics):
            if not known[metrics == metric].any():
                cut = [wording.dimension(name) for name in frame.columns[1 : list(frame.columns).index("period")]]
                question = say(REGISTRY[metric].question)
                asked = say("{question} (by {dimensions})", question=question, dimensions=wording.listed(cut)) if cut else question
                pairs[asked] = wording.said(frame["reason"].to_numpy()[metrics == metric][-1])
    return list(pairs.items())


RESTATED_TITLES = {
    "title": N_("Metric"), "before": N_("As it read before"), "after": N_("As it reads now"), "difference": N_("Restated by"),
}  # fmt: skip
_FIGURE = ["estimate", "ci_low", "ci_high"]


def restated(earlier: Tables | None, weekly: pd.DataFrame, **options) -> pd.DataFrame:
    """What did late data change? The week's figures of an earlier snapshot beside those of this one.

    Parameters
    ----------
    earlier : Tables or None
        The same market and weeks in the latest snapshot in which they read differently; None where there is none.
    weekly : metric frame
        As in `headline`. Options as they were given to `measure`.

    Returns
    -------
    DataFrame
        ``title, unit, before, after, difference``, the first two figures with ``_low`` and ``_high``: one row per metric
        that moved, empty where nothing was restated.
    """
    rows = []
    for metric, part in weekly.groupby("metric", sort=False) if earlier else ():
        known = REGISTRY[metric]
        was = measure(earlier, metric, by=["week"], **options)[_FIGURE].iloc[-1]
        now = part[_FIGURE].iloc[-1]
        if not (was["estimate"] == now["estimate"] or was["estimate"] != was["estimate"] and now["estimate"] != now["estimate"]):
            rows.append((say(known.title), known.unit, *was, *now, now["estimate"] - was["estimate"]))
    names = [name + end for name in ("before", "after") for end in ("", "_low", "_high")]
    return pd.DataFrame(rows, columns=["title", "unit", *names, "difference"])


def restated_since(restatement: Restatement | None) -> str:
    """Which of the week's tables changed since an earlier snapshot, and since which?"""
    if restatement is None:
        return say("No row that this week's figures rest on has changed since an earlier snapshot.")
    tables, day = wording.listed(restatement.tables), restatement.since.made_at[:10]
    return say(
        "Rows of {tables} were added, changed or taken away since snapshot {id} of {day}.",
        tables=tables, id=restatement.since.id, day=day,
    )
