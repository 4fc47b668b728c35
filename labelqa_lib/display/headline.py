"""The answer on the first screen: one card per headline metric."""

from __future__ import annotations

import math

import pandas as pd

from labelqa_lib import symbols, wording
from labelqa_lib.display import marks, safe
from labelqa_lib.display.show import bundle, records

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
    rows = [row for _, row in frame.iterrows()]
    measured = [row for row in rows if math.isfinite(row["estimate"])]
    absent = [row for row in rows if not math.isfinite(row["estimate"])]
    cards = "".join(_card(row, first=place == 0) for place, row in enumerate(measured))
    html = (
        '<section class="lq-headline" id="headline" aria-label="Headline metrics">'
        f'<ul class="lq-summary">{_summary(rows)}</ul>'
        + (f'<div class="lq-cards">{cards}</div>' if cards else "")
        + (f'<ul class="lq-absent">{"".join(map(_absent, absent))}</ul>' if absent else "")
        + "</section>"
    )
    bundle(html, "\n".join(map(_line, rows)) or "No headline metric.", **{MIME: records(frame.to_dict("records"))})


def _summary(rows: list[pd.Series]) -> str:
    """Which targets are met and which are not, in one line of statuses with the metrics' names."""
    parts = []
    for status in ("misses", "likely misses", "not enough data", "likely meets", "meets"):
        titles = [row["title"] for row in rows if row["status"] == status]
        if titles:
            mark = symbols.STATUS[status]
            said = _STATUS_OF_MANY.get(status, status) if len(titles) > 1 else status
            named = ", ".join(safe.text(title) for title in titles)
            counted = f"{symbols.symbol(mark)}<b>{len(titles)} {said}:</b>"
            parts.append(f'<li><span class="lq-{symbols.tone(mark)}">{counted}</span> {named}</li>')
    return "".join(parts) or "<li>No headline metric has a target that it can be held to.</li>"


_STATUS_OF_MANY = {"meets": "meet", "misses": "miss", "likely meets": "likely meet", "likely misses": "likely miss"}


def _card(row: pd.Series, first: bool) -> str:
    unit, mark = row["unit"], symbols.STATUS[row["status"]]
    interval = wording.interval(row["ci_low"], row["ci_high"], unit)
    interval = "" if interval == wording.UNDEFINED else f"<span>{interval}</span> "
    size = {"width": 420, "height": 110} if first else {}
    on = f" on {safe.text(row['stands_on'])}" if row["stands_on"] else ""
    note = f'<p class="lq-note">{safe.text(row["status_text"], 160)}</p>' if row["status_text"] else ""
    return (
        f'<article class="lq-card lq-{symbols.tone(mark)}{" lq-first" if first else ""}" '
        f'id="headline-{safe.text(row["metric"])}">'
        f"<h3>{safe.text(row['title'])}</h3>"
        f'<p class="lq-status"><b>{symbols.symbol(mark)}{safe.text(row["status"])}</b> <span>{_target(row)}</span></p>'
        f'<p class="lq-value">{wording.amount(row["estimate"], unit)}</p>'
        f"{marks.sparkline(row['history'], row['target'], row['history_low'], row['history_high'], **size)}"
        f'<p class="lq-interval">{interval}<span>n {wording.whole(row["n"])}{on}</span></p>'
        f'<p class="lq-change">{_change(row)}</p>{note}</article>'
    )


def _target(row: pd.Series) -> str:
    if not math.isfinite(row["target"]):
        return ""
    return f"target {'≥' if row['better'] == 'higher' else '≤'} {wording.amount(row['target'], row['unit'])}"


def _change(row: pd.Series) -> str:
    if not math.isfinite(row["change"]):
        return f"not compared with last week: {safe.text(row['change_reason'] or 'no figure', 160)}"
    unit = row["unit"]
    ends = wording.ends(row["change_low"], row["change_high"], unit)
    interval = "" if ends == wording.UNDEFINED else f" ({ends})"
    said = f"<b>{wording.difference(row['change'], unit)}</b> on last week{interval}, "
    if not row["more_than_noise"]:
        return said + "within noise"
    better = {"higher": row["change"] > 0, "lower": row["change"] < 0}.get(row["better"])
    direction = "" if better is None else ", better" if better else ", worse"
    return f"{said}more than noise{direction}"


def _absent(row: pd.Series) -> str:
    reason = safe.text(row["reason"] or "there was nothing to measure", 200)
    return (
        f'<li id="headline-{safe.text(row["metric"])}">{symbols.symbol(symbols.STATUS["not measured"])}'
        f"<b>{safe.text(row['title'])}</b> not measured: {reason}</li>"
    )


def _line(row: pd.Series) -> str:
    said = wording.estimate(row["estimate"], row["ci_low"], row["ci_high"], row["unit"])
    reason = f" ({safe.plain(row['reason'], 200)})" if row["reason"] else ""
    return f"{safe.plain(row['title'])}: {said}, {row['status']}{reason}"
