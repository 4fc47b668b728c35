"""Which segments moved, told so that one story is one finding."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from scipy import stats

from labelqa_lib import wording
from labelqa_lib.findings.finding import EVIDENCE, Finding, gap
from labelqa_lib.metrics import REGISTRY
from labelqa_lib.translation import N_, N_forms, say

FALSE_DISCOVERY_RATE = 0.05
"""Share of reported moves that may be noise (Benjamini–Hochberg over every segment in which a metric is compared)."""

RELEVANT = {"rate": 0.005, "seconds": 0.05, "hours": 0.10, "days": 0.10, "per_day": 0.10, "per_hour": 0.05,
            "count": 0.10}  # fmt: skip
"""A move smaller than this is not worth a reader: absolute for rates, relative to the baseline for the rest."""

ITEMS = {
    ("accuracy", "more"): N_forms("about {n} more wrong label in the week", "about {n} more wrong labels in the week"),
    ("accuracy", "fewer"): N_forms("about {n} fewer wrong label in the week", "about {n} fewer wrong labels in the week"),
    ("sla_attainment", "more"): N_forms("about {n} more late item in the week", "about {n} more late items in the week"),
    ("sla_attainment", "fewer"): N_forms("about {n} fewer late item in the week", "about {n} fewer late items in the week"),
}
"""What a rate's move means in items of the week, where its volume is known."""

SAME_SIZE = 1.25
"""A segment that moved up to this many times the items of a stronger one may be another view of it."""

MANY = 20
"""From so many items a week on a move asks for action; fewer are worth watching."""

MOST_ALSO = 4
"""So many other views of a story are named; the rest are counted."""


def moved(moves: Sequence[pd.DataFrame]) -> list[Finding]:
    """Moves that a search over all compared segments does not find by chance, the strongest evidence first."""
    frames = [_beyond_chance(frame) for frame in moves if len(frame)]
    if not frames:
        return []
    every = pd.concat(frames, ignore_index=True)
    stories: list[list] = []
    for row in every.sort_values(["p_value", "depth"], kind="stable").itertuples():
        if _relevant(row):
            _tell(row, stories)
    return [_move(*story) for story in stories]


def _beyond_chance(frame: pd.DataFrame) -> pd.DataFrame:
    known = frame[frame["p_value"].notna()]
    return known[stats.false_discovery_control(known["p_value"].to_numpy()) <= FALSE_DISCOVERY_RATE]


def _tell(row, stories: list[list]) -> None:
    """Put a move into the story that may have told it already: the same metric moved the same way in a segment that
    lies inside or around it, or that moved at least as many items. Strongest evidence comes first."""
    for story in stories:
        first = story[0]
        if row.metric != first.metric or (row.difference < 0) != (first.difference < 0) or _apart(row, first):
            continue
        if _nested(row, first):
            return
        if _items(row) <= SAME_SIZE * _items(first):
            story.append(row)
            return
    stories.append([row])


def _nested(row, other) -> bool:
    ours, theirs = set(row.segment.items()), set(other.segment.items())
    return ours <= theirs or theirs <= ours


def _apart(row, other) -> bool:
    """Two values of one dimension share no item: neither can be the other's story."""
    return any(other.segment.get(name, value) != value for name, value in row.segment.items())


def _items(row) -> float:
    """Items of the week by which a segment moved; 0 where a metric does not count items."""
    return abs(row.difference) * row.volume if (row.metric, "more") in ITEMS else 0.0


def _relevant(row) -> bool:
    unit = REGISTRY[row.metric].unit
    scale = 1.0 if unit == "rate" else abs(row.baseline)
    return abs(row.difference) >= RELEVANT[unit] * scale


def _move(row, *also) -> Finding:
    metric, items = REGISTRY[row.metric], _items(row)
    worse = metric.better is not None and (row.difference < 0) == (metric.better == "higher")
    sentence = _sentence(row, _VERB[row.difference < 0], "more" if worse else "fewer")
    if also:
        sentence = wording.sentences(sentence, say("Perhaps the same: {segments}.", segments=_others(also, metric.unit)))
    return Finding(
        code=":".join(["move", row.metric, *(f"{name}={value}" for name, value in row.segment.items())]),
        severity=_severity(metric.better, worse, items),
        sentence=sentence,
        size=items,
        evidence=EVIDENCE.get(row.metric, ""),
        metric=row.metric,
        period=row.period,
        segment=row.segment,
        also=tuple(one.segment for one in also),
        estimate=row.estimate,
        ci_low=row.ci_low,
        ci_high=row.ci_high,
        n=int(row.n),
        **gap(row.difference, row.difference_low, row.difference_high, metric.better),
    )


_VERB = {True: N_("{metric} fell from {before} to {now}"), False: N_("{metric} rose from {before} to {now}")}


def _sentence(row, verb: str, more: str) -> str:
    metric, title, items = REGISTRY[row.metric], say(REGISTRY[row.metric].title), _items(row)
    said = say(
        verb,
        metric=say("{metric} ({segment})", metric=title, segment=_name(row)) if row.segment else title,
        before=wording.amount(row.baseline, metric.unit),
        now=wording.estimate(row.estimate, row.ci_low, row.ci_high, metric.unit),
    )
    if items < 1:
        return say("{said}.", said=said)
    return say("{said}: {items}.", said=said, items=wording.count(items, *ITEMS[row.metric, more]))


def _others(also, unit: str) -> str:
    seen = say(", ").join(
        say("{value} ({interval})", value=_name(one), interval=wording.difference(one.difference, unit))
        for one in also[:MOST_ALSO]
    )
    more = len(also) - MOST_ALSO
    return say("{some} and {n} more", some=seen, n=wording.whole(more)) if more > 0 else seen


def _severity(better: str | None, worse: bool, items: float) -> str:
    if better is None:
        return "watch"
    if not worse:
        return "good"
    return "act" if items == 0 or items >= MANY else "watch"


def _name(row) -> str:
    return wording.segment(row.segment) or say("the market")
