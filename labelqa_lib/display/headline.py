"""The answer on the first screen: one card per headline metric."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from labelqa_lib import symbols, wording
from labelqa_lib.display import marks, safe, values
from labelqa_lib.display.show import bundle, records
from labelqa_lib.translation import N_forms, say

MIME = "application/vnd.labelqa.headline+json"
"""Under this type the notebook carries the same rows as data, for the index of reports."""


def headline(frame: pd.DataFrame) -> None:
    """Where does the market stand this week? A card per metric, the first one larger.

    Parameters
    ----------
    frame : DataFrame
        One row per metric, the most important first: ``metric, title, unit, estimate, ci_low, ci_high, n, target,
        better, status, status_text, change, change_low, change_high, more_than_noise, change_reason, stands_on,
        history, history_low, history_high, reason``. `history` and its interval's ends hold one float a calendar week
        (NaN allowed), the last is this week's.
    """
    rows = values.rows(values.columns(frame))
    measured = [row for row in rows if math.isfinite(row["estimate"])]
    absent = [row for row in rows if not math.isfinite(row["estimate"])]
    cards = "".join(_card(row, first=place == 0) for place, row in enumerate(measured))
    html = (
        f'<section class="lq-headline" id="headline" aria-label="{safe.text(say("Headline metrics"))}">'
        f'<ul class="lq-summary">{_summary(rows)}</ul>'
        + (f'<div class="lq-cards">{cards}</div>' if cards else "")
        + (f'<ul class="lq-absent">{"".join(map(_absent, absent))}</ul>' if absent else "")
        + "</section>"
    )
    bundle(html, "\n".join(map(_line, rows)) or say("No headline metric."), **{MIME: records(rows)})


def _summary(rows: list[Mapping]) -> str:
    """Which targets are met and which are not, in one line of statuses with the metrics' names."""
    parts = []
    for status, forms in _COUNTED.items():
        titles = [say(row["title"]) for row in rows if row["status"] == status]
        if titles:
            mark = symbols.STATUS[status]
            named = say(", ").join(safe.text(title) for title in titles)
            counted = f"{symbols.symbol(mark)}<b>{safe.text(wording.count(len(titles), *forms))}</b>"
            parts.append(f'<li><span class="lq-{symbols.tone(mark)}">{counted}</span> {named}</li>')
    return "".join(parts) or f"<li>{safe.text(say('No headline metric has a target that it can be held to.'))}</li>"


_COUNTED = {
    "misses": N_forms("{n} misses:", "{n} miss:"),
    "likely misses": N_forms("{n} likely misses:", "{n} likely miss:"),
    "not enough data": N_forms("{n} not enough data:", "{n} not enough data:"),
    "likely meets": N_forms("{n} likely meets:", "{n} likely meet:"),
    "meets": N_forms("{n} meets:", "{n} meet:"),
}
"""Of how many metrics a status is told; their names follow."""


def _card(row: Mapping, first: bool) -> str:
    unit, mark = row["unit"], symbols.STATUS[row["status"]]
    interval = wording.interval(row["ci_low"], row["ci_high"], unit)
    interval = "" if interval == wording.UNDEFINED else f"<span>{interval}</span> "
    size = {"width": 420, "height": 110} if first else {}
    n, on = wording.whole(row["n"]), say(row["stands_on"] or "")
    stands = say("n {n} on {basis}", n=n, basis=safe.text(on)) if on else say("n {n}", n=n)
    note = f'<p class="lq-note">{safe.text(row["status_text"], 160)}</p>' if row["status_text"] else ""
    return (
        f'<article class="lq-card lq-{symbols.tone(mark)}{" lq-first" if first else ""}" '
        f'id="headline-{safe.text(row["metric"])}">'
        f"<h3>{safe.text(say(row['title']))}</h3>"
        f'<p class="lq-status"><b>{symbols.symbol(mark)}{safe.text(say(row["status"]))}</b> <span>{_target(row)}</span></p>'
        f'<p class="lq-value">{wording.amount(row["estimate"], unit)}</p>'
        f"{marks.sparkline(row['history'], row['target'], row['history_low'], row['history_high'], **size)}"
        f'<p class="lq-interval">{interval}<span>{stands}</span></p>'
        f'<p class="lq-change">{_change(row)}</p>{note}</article>'
    )


def _target(row: Mapping) -> str:
    if not math.isfinite(row["target"]):
        return ""
    sign = "≥" if row["better"] == "higher" else "≤"
    return say("target {bound}", bound=f"{sign} {wording.amount(row['target'], row['unit'])}")


def _change(row: Mapping) -> str:
    if not math.isfinite(row["change"]):
        why = wording.said(row["change_reason"] or "") or say("no figure")
        return say("not compared with last week: {why}", why=safe.text(why, 160))
    unit = row["unit"]
    ends = wording.ends(row["change_low"], row["change_high"], unit)
    change = f"<b>{wording.difference(row['change'], unit)}</b>"
    if ends == wording.UNDEFINED:
        said = say("{change} on last week", change=change)
    else:
        said = say("{change} on last week ({interval})", change=change, interval=ends)
    return wording.clauses(said, *_verdict(row))


def _verdict(row: Mapping) -> list[str]:
    if not row["more_than_noise"]:
        return [say("within noise")]
    better = {"higher": row["change"] > 0, "lower": row["change"] < 0}.get(row["better"])
    direction = [] if better is None else [say("better")] if better else [say("worse")]
    return [say("more than noise"), *direction]


def _absent(row: Mapping) -> str:
    reason = safe.text(wording.said(row["reason"] or "") or say("there was nothing to measure"), 200)
    said = say("{metric} not measured: {reason}", metric=f"<b>{safe.text(say(row['title']))}</b>", reason=reason)
    return (
        f'<li id="headline-{safe.text(row["metric"])}">{symbols.symbol(symbols.STATUS["not measured"])}'
        f"{said}</li>"
    )


def _line(row: Mapping) -> str:
    said = wording.estimate(row["estimate"], row["ci_low"], row["ci_high"], row["unit"])
    reason = f" ({safe.plain(wording.said(row['reason']), 200)})" if row["reason"] else ""
    return f"{safe.plain(say(row['title']))}: {said}, {say(row['status'])}{reason}"
