"""The latest run of a week as a chart: a lane per worker, a bar per page. Numbers for the index's template."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labelqa_lib import wording
from labelqa_lib.runner.record import PageRecord
from labelqa_lib.translation import say

WIDTH, LANE, LEFT, FOOT = 1000, 26, 74, 24
LETTER = 6.2
"""Width of a letter of a bar's label."""

STEPS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)
"""Seconds between marks of the axis; the smallest of which at most eight fit."""


def gantt(records: Sequence[PageRecord], titles: dict[str, str]) -> dict[str, Any] | None:
    """What the latest run did when; None where no record tells.

    Parameters
    ----------
    records : sequence of PageRecord
        Of one week, of any run.
    titles : dict of str to str
        Notebook -> its title.

    Returns
    -------
    dict or None
        ``bars`` and ``marks`` with their places, ``lanes``, the chart's ``width`` and ``height``, and a ``sentence`` that
        says the same in words.
    """
    made = [record for record in records if record.making]
    run = max((record.making.run for record in made), default=None)
    made = sorted((one for one in made if one.making.run == run), key=lambda one: (one.making.worker, one.making.began))
    if not made:
        return None
    end = max(record.making.began + record.seconds for record in made) or 1.0
    scale = (WIDTH - LEFT) / end
    workers = sorted({record.making.worker for record in made})
    lane = {worker: number for number, worker in enumerate(workers)}
    return {
        "width": WIDTH,
        "height": LANE * len(workers) + FOOT,
        "left": LEFT,
        "lanes": [{"worker": worker, "y": LANE * number} for worker, number in lane.items()],
        "bars": [_bar(record, LEFT + scale * record.making.began, scale, LANE * lane[record.making.worker], titles) for record in made],
        "marks": [{"x": round(LEFT + scale * at, 1), "text": _time(at)} for at in _marks(end)],
        "sentence": _sentence(made, end, len(workers), titles),
        "run": run,
    }


def _bar(record: PageRecord, x: float, scale: float, y: int, titles: dict[str, str]) -> dict[str, Any]:
    making, width = record.making, max(scale * record.seconds - 1, 1)
    label = next((text for text in (f"{record.market} {titles[record.notebook]}", record.market)
                  if len(text) * LETTER + 8 < width), "")  # fmt: skip
    words = [say("{market}, {page}: {time}", market=record.market, page=titles[record.notebook], time=_time(record.seconds)),
             say("{n} s CPU", n=f"{making.cpu:g}"),
             say("{n} MiB at most", n=wording.whole(making.memory / 2**20))]  # fmt: skip
    words += [say("failed")] if record.failed else []
    words += [say("second attempt")] if making.attempt > 1 else []
    return {"x": round(x, 1), "y": y + 3, "width": round(width, 1), "label": label, "failed": record.failed, "words": say(", ").join(words)}


def _marks(end: float) -> list[int]:
    step = next((step for step in STEPS if end / step <= 8), int(end / 8) + 1)
    return list(range(0, int(end) + 1, step))


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    if minutes:
        return say("{minutes} min {seconds} s", minutes=minutes, seconds=f"{rest:02}")
    return say("{value} s", value=wording.written(f"{seconds:.1f}" if 0 < seconds < 10 else str(rest)))


def _sentence(made: Sequence[PageRecord], end: float, workers: int, titles: dict[str, str]) -> str:
    longest = max(made, key=lambda record: record.seconds)
    busy = sum(record.seconds for record in made) / (end * workers)
    again = sum(record.making.attempt > 1 for record in made)
    said = say(
        "{pages} by {workers} in {time}, {cpu} CPU s, workers busy {share} of the time; the longest was {market}, {page} with {most}",
        pages=wording.count(len(made), "{n} page", "{n} pages"), workers=wording.count(workers, "{n} worker", "{n} workers"),
        time=_time(end), cpu=wording.whole(sum(record.making.cpu for record in made)), share=f"{min(busy, 1):.0%}",
        market=longest.market, page=titles[longest.notebook], most=_time(longest.seconds),
    )  # fmt: skip
    repeated = wording.count(again, "{n} needed a second attempt", "{n} needed a second attempt")
    return say("; ").join([said, repeated]) if again else said
