"""The week over all markets, from its pages' records: the league with intervals, what moved, which findings matter most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labelqa_lib import wording
from labelqa_lib.runner.incidents import told_once
from labelqa_lib.runner.record import PageRecord
from labelqa_lib.translation import say

SEVERITIES = ("act", "watch")
"""What the digest lists; the rest stands on the pages."""

MOST_FINDINGS = 10
MOST_MOVES = 12
WIDTH = 240
"""Of the league's bars, in CSS pixels."""


def league(records: Sequence[PageRecord]) -> dict[str, Any] | None:
    """Which market is how good by the first headline figure of the week's first notebook, best first?

    Returns
    -------
    dict or None
        ``title, rows, scale`` (the ends of the bars in words) and ``target_note``; a row has ``market, link, value,
        interval, status, rank, low, high, at, target`` (places on the bar, None where there is none). `rank` is the
        range of places that the intervals leave open: 1 + the markets that are better for sure, to all but those that are
        worse for sure. None for fewer than two markets with a figure.
    """
    first = _first_metric(records)
    rows = [(record, one) for record in records for one in record.headlines[:1] if one["metric"] == first and _known(one)]
    if len(rows) < 2:
        return None
    better = -1 if rows[0][1].get("better") == "lower" else 1
    rows.sort(key=lambda row: (-better * row[1]["estimate"], row[0].market))
    ends = [value for _, one in rows for value in (one["ci_low"], one["ci_high"], one.get("target")) if value is not None]
    low, high = min(ends), max(ends)
    unit = rows[0][1]["unit"]

    def place(value: float | None) -> float | None:
        return None if value is None or high == low else round(6 + (WIDTH - 12) * (value - low) / (high - low), 1)

    return {
        "title": say(rows[0][1]["title"]),
        "scale": wording.interval(low, high, unit),
        "width": WIDTH,
        "rows": [
            {
                "market": record.market,
                "link": f"{record.market}/{record.notebook}.html",
                "value": wording.amount(one["estimate"], unit),
                "interval": wording.interval(one["ci_low"], one["ci_high"], unit),
                "status": one["status"],
                "rank": _rank(one, [other for _, other in rows], better),
                **{name: place(one.get(of)) for name, of in
                   (("low", "ci_low"), ("high", "ci_high"), ("at", "estimate"), ("target", "target"))},
            }
            for record, one in rows
        ],
    }  # fmt: skip


def _first_metric(records: Sequence[PageRecord]) -> str | None:
    return next((record.headlines[0]["metric"] for record in records if record.headlines), None)


def _known(one: Mapping[str, Any]) -> bool:
    return all(one.get(name) is not None for name in ("estimate", "ci_low", "ci_high"))


def _rank(one: Mapping[str, Any], every: Sequence[Mapping[str, Any]], better: int) -> str:
    above = sum(_surely(other, one, better) for other in every)
    below = sum(_surely(one, other, better) for other in every)
    best, worst = 1 + above, len(every) - below
    return str(best) if best == worst else say("{low} to {high}", low=best, high=worst)


def _surely(one: Mapping[str, Any], other: Mapping[str, Any], better: int) -> bool:
    """Whether the one is better than the other over their whole intervals."""
    return one["ci_low"] > other["ci_high"] if better > 0 else one["ci_high"] < other["ci_low"]


def moves(records: Sequence[PageRecord]) -> list[dict[str, Any]]:
    """Headline figures that moved by more than noise since last week: what got worse first."""
    found: dict[tuple, dict] = {}
    for record in records:
        for one in record.headlines:
            if one.get("more_than_noise") and one.get("change") is not None and _known(one):
                worse = {"higher": one["change"] < 0, "lower": one["change"] > 0}.get(one.get("better"))
                found.setdefault((record.market, one["metric"]), {
                    "market": record.market,
                    "link": f"{record.market}/{record.notebook}.html",
                    "worse": bool(worse),
                    "word": "moved" if worse is None else "worse" if worse else "better",
                    "said": _moved(one),
                })  # fmt: skip
    return sorted(found.values(), key=lambda one: not one["worse"])[:MOST_MOVES]


def _moved(one: Mapping[str, Any]) -> str:
    """``Accuracy −3.0 pt (−5.0 to −1.0) on last week, now 92.2 % (89.6 to 94.3), misses``."""
    unit = one["unit"]
    change, ends = wording.difference(one["change"], unit), wording.ends(one.get("change_low"), one.get("change_high"), unit)
    change = change if ends == wording.UNDEFINED else say("{value} ({interval})", value=change, interval=ends)
    now = wording.estimate(one["estimate"], one["ci_low"], one["ci_high"], unit)
    return say("{metric} {change} on last week, now {figure}, {status}", metric=say(one["title"]), change=change, figure=now,
               status=say(one["status"]))  # fmt: skip


def most_important(records: Sequence[PageRecord], titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """The ten incidents of all markets that matter most: the most severe, then the largest; each told once.

    Returns
    -------
    list of dict
        A finding with its ``market``, ``link``, ``language``, ``standing`` and ``advice``; `pages` holds title and link of the other
        pages that speak of the same incident.
    """
    found = [
        {
            **finding,
            "market": record.market,
            "notebook": record.notebook,
            "language": record.language,
            "link": _link(record, finding),
            "standing": standing(finding),
            "advice": (finding.get("recommendation") or {}).get("sentence", ""),
        }
        for record in records
        for finding in record.findings
        if finding["severity"] in SEVERITIES
    ]
    found.sort(key=lambda one: (SEVERITIES.index(one["severity"]), -one["size"], one["market"], one["code"]))
    return [leader | _from_others(leader, others, titles) for leader, others in told_once(found)[:MOST_FINDINGS]]


def _link(record: PageRecord, finding: Mapping[str, Any]) -> str:
    page = f"{record.market}/{record.notebook}.html"
    return f"{page}#{finding['evidence']}" if finding.get("evidence") else page


def _from_others(leader: Mapping[str, Any], others: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> dict[str, Any]:
    """Links to the other pages of an incident, each page once; and the advice of the first of them that has one."""
    pages = {one["notebook"]: one for one in reversed(others) if one["notebook"] != leader["notebook"]}
    advice = next(filter(None, (one["advice"] for one in (leader, *others))), "")
    links = [{"title": titles[name], "link": one["link"]} for name, one in pages.items()]
    return {"pages": links[::-1], "advice": advice}


def standing(finding: Mapping[str, Any]) -> str:
    """``new``, ``still there (week 3)``; nothing where no report of last week is known."""
    state, weeks = say(finding.get("state") or ""), finding.get("weeks") or 0
    return say("{state} (week {n})", state=state, n=weeks) if state and weeks > 1 else state


def beside_last_week(records: Sequence[PageRecord]) -> str:
    """How many findings of all markets are new, still there, or gone, in a sentence; nothing where that is not known."""
    states = [finding["state"] for record in records for finding in record.findings if finding.get("state")]
    said = [f"{states.count(state)} {say(state)}" for state in ("new", "still there", "better", "worse", "gone") if state in states]
    return say("Of all findings {states} since last week.", states=say(", ").join(said)) if said else ""
