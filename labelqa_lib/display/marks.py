"""Small drawings inside text, as inline SVG: sparklines and interval bars. Colours come from the page."""

from __future__ import annotations

import math
from collections.abc import Sequence

def sparkline(
    history: Sequence[float],
    target: float,
    lows: Sequence[float] = (),
    highs: Sequence[float] = (),
    width: int = 120,
    height: int = 36,
) -> str:
    """Weeks of a metric as a line in the band of its intervals, the last with its interval drawn, the target dashed; gaps
    where a week is undefined, a tick for a week between two gaps."""
    known = [value for value in (*history, *lows, *highs, target) if math.isfinite(value)]
    if sum(math.isfinite(value) for value in history) < 2:
        return ""
    low, high = min(known), max(known)
    spread = (high - low) or abs(high) or 1.0
    low, spread = low - 0.04 * spread, 1.08 * spread

    def at(place: int, value: float) -> str:
        across, down = 3 + place * (width - 7) / (len(history) - 1), height - 2 - (value - low) / spread * (height - 4)
        return f"{across:.1f} {down:.1f}"

    drawn = ""
    ends = list(zip(lows, highs, strict=True))
    for run in _runs([math.isfinite(one) and math.isfinite(other) for one, other in ends]):
        edge = [at(place, lows[place]) for place in run] + [at(place, highs[place]) for place in reversed(run)]
        drawn += f'<path class="lq-band" d="M{"L".join(edge)}z"></path>'
    if math.isfinite(target):
        aim = at(0, target).split()[1]
        drawn += f'<line class="lq-aim" x1="0" x2="{width}" y1="{aim}" y2="{aim}"></line>'
    runs = _runs([math.isfinite(value) for value in history])
    steps = ("M" + "L".join(at(place, history[place]) for place in run) + "h1" * (len(run) == 1) for run in runs)
    drawn += f'<path class="lq-line" d="{"".join(steps)}"></path>'
    if ends and all(map(math.isfinite, ends[-1])):
        (x, bottom), top = at(len(history) - 1, lows[-1]).split(), at(0, highs[-1]).split()[1]
        drawn += f'<line class="lq-range" x1="{x}" x2="{x}" y1="{bottom}" y2="{top}"></line>'
    if math.isfinite(history[-1]):
        x, y = at(len(history) - 1, history[-1]).split()
        drawn += f'<circle class="lq-dot" cx="{x}" cy="{y}" r="2.8"></circle>'
    return f'<svg class="lq-spark" viewBox="0 0 {width} {height}" aria-hidden="true">{drawn}</svg>'


def _runs(known: Sequence[bool]) -> list[list[int]]:
    """Places of neighbours that are all known."""
    runs: list[list[int]] = []
    for place, here in enumerate(known):
        if here and place and known[place - 1]:
            runs[-1].append(place)
        elif here:
            runs.append([place])
    return runs


def interval_bar(
    estimate: float, low: float, high: float, scale: tuple[float, float], target: float = math.nan, width: int = 110
) -> str:
    """An estimate with its interval on a scale shared by the table's rows, and the target as a tick."""
    if not math.isfinite(estimate):
        return ""
    start, end = scale

    def across(value: float) -> str:
        share = (min(max(value, start), end) - start) / ((end - start) or 1.0)
        return f"{4 + share * (width - 8):.1f}"

    drawn = ""
    if math.isfinite(target):
        drawn += f'<line class="lq-aim" x1="{across(target)}" x2="{across(target)}" y1="0" y2="14"></line>'
    if math.isfinite(low) and math.isfinite(high):
        drawn += f'<line class="lq-range" x1="{across(low)}" x2="{across(high)}" y1="7" y2="7"></line>'
    drawn += f'<circle class="lq-dot" cx="{across(estimate)}" cy="7" r="3.2"></circle>'
    return f'<svg class="lq-bar" viewBox="0 0 {width} 14" aria-hidden="true">{drawn}</svg>'
