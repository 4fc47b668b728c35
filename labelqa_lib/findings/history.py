"""What is new, still there, better, worse or gone, beside the findings of last week's report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from labelqa_lib import wording
from labelqa_lib.findings.finding import Finding
from labelqa_lib.stats.change import difference
from labelqa_lib.translation import N_, N_forms, say

NEW, STILL, BETTER, WORSE, GONE = N_("new"), N_("still there"), N_("better"), N_("worse"), N_("gone")
ASKING = ("act", "watch")
"""Severities of which a reader wants to know when they are over."""

_GAP = ("gap", "gap_low", "gap_high")
_GAIN = ("gain", "gain_low", "gain_high")


def beside(findings: Sequence[Finding], earlier: Sequence[Mapping[str, Any]] | None) -> list[Finding]:
    """The same findings with their state beside last week's, and then those that are gone.

    Parameters
    ----------
    findings : sequence of Finding
    earlier : sequence of mapping or None
        Last week's, as `findings.json` holds them; None where there is no report of last week: no state is told then.

    Returns
    -------
    list of Finding

    Notes
    -----
    A finding is last week's when it has its code; else when it is about the same metric in the same way, and one of
    the two segments lies inside the other: one cause is not described alike every week. It is better, or worse, when its
    gap moved by more than noise (both weeks' intervals, taken as independent). Of a cause it is what the market would gain
    without it: that is the same quantity of whatever part of its segment it is told.
    """
    if earlier is None:
        return list(findings)
    before = [one for one in earlier if one.get("state") != GONE]
    taken: set[int] = set()
    pairs = {}
    for alike in (_same_code, _same_story):
        for place, one in enumerate(findings):
            free = (number for number, was in enumerate(before) if number not in taken and alike(one, was))
            if place not in pairs and (number := next(free, None)) is not None:
                pairs[place] = number
                taken.add(number)
    told = [_told(one, before[pairs[place]] if place in pairs else None) for place, one in enumerate(findings)]
    return told + [_gone(was) for number, was in enumerate(before) if number not in taken and was.get("severity") in ASKING]


def _same_code(one: Finding, was: Mapping) -> bool:
    return one.code == was.get("code")


def _same_story(one: Finding, was: Mapping) -> bool:
    ours, theirs = set(one.segment.items()), set((was.get("segment") or {}).items())
    nested = bool(ours and theirs) and (ours <= theirs or theirs <= ours)
    kinds = one.code.partition(":")[0], str(was.get("code")).partition(":")[0]
    good = one.severity == "good", was.get("severity") == "good"
    return nested and kinds[0] == kinds[1] and good[0] == good[1] and one.metric == was.get("metric")


def _told(one: Finding, was: Mapping | None) -> Finding:
    if was is None:
        return replace(one, state=NEW, weeks=1)
    since = one.since or was.get("since") or str(was.get("period") or "").rpartition("..")[2]
    return replace(one, state=_state(one, was), weeks=max(int(was.get("weeks") or 0), 1) + 1, since=since)


def _state(one: Finding, was: Mapping) -> str:
    names, then, now = _GAP, was, one
    if one.code.partition(":")[0] == "cause":
        names, then, now = _GAIN, was.get("recommendation") or {}, one.recommendation
    then = [np.array([np.nan if then.get(name) is None else then[name]], dtype=float) for name in names]
    now = [np.array([getattr(now, name, np.nan)], dtype=float) for name in names]
    moved = difference(*now, *then)
    if not moved.more_than_noise[0]:
        return STILL
    return BETTER if moved.difference[0] < 0 else WORSE


def _gone(was: Mapping) -> Finding:
    weeks = max(int(was.get("weeks") or 0), 1)
    return Finding(
        code=str(was.get("code")),
        severity="know",
        sentence=say(
            "Gone after {weeks}: {sentence}",
            weeks=wording.count(weeks, "{n} week", "{n} weeks"),
            sentence=was.get("sentence"),
        ),
        size=0.0,
        evidence=str(was.get("evidence") or ""),
        metric=str(was.get("metric")),
        period=str(was.get("period")),
        segment=dict(was.get("segment") or {}),
        since=str(was.get("since") or ""),
        state=GONE,
        weeks=weeks,
    )


def beside_sentence(findings: Sequence[Finding], earlier: Sequence[Mapping] | None) -> str:
    """How many findings are new, still there or gone, in one sentence."""
    if earlier is None:
        return say("There is no report of last week to compare with: what is new is not known.")
    counts = {state: sum(one.state == state for one in findings) for state in (NEW, STILL, BETTER, WORSE, GONE)}
    said = [wording.count(number, *_SO_MANY[state]) for state, number in counts.items() if number]
    if not said:
        return say("Nothing was found last week, nor this week.")
    return say("Beside last week's report: {states}.", states=say(", ").join(said))


_SO_MANY = {
    NEW: N_forms("{n} new", "{n} new"), STILL: N_forms("{n} still there", "{n} still there"),
    BETTER: N_forms("{n} better", "{n} better"), WORSE: N_forms("{n} worse", "{n} worse"),
    GONE: N_forms("{n} gone", "{n} gone"),
}  # fmt: skip
