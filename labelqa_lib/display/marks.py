"""Small drawings inside text, as inline SVG: status symbols, sparklines, interval bars. Colours come from the page."""

from __future__ import annotations

import math
from collections.abc import Sequence

# Shape, not only colour, tells a status: filled for sure, open for likely; a tick, a cross, a question mark, a dash.
_TICK = "M4.5 8.3l2.4 2.4 4.6-5"
_CROSS = "M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4"
_QUESTION = "M6 6.4a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M8 11.6v.2"
_DASH = "M5 8h6"
STATUS = {
    "meets": ("good", True, _TICK),
    "likely meets": ("good", False, _TICK),
    "likely misses": ("bad", False, _CROSS),
    "misses": ("bad", True, _CROSS),
    "not enough data": ("unsure", False, _QUESTION),
    "no target": ("none", False, _DASH),
    "not measured": ("none", False, _DASH),
}
SEVERITY = {
    "act": ("bad", True, "M8 4.2v4.6M8 11.4v.3"),
    "watch": ("bad", False, "M8 4.2v4.6M8 11.4v.3"),
    "good": ("good", True, _TICK),
    "know": ("none", False, "M8 7.4v4.2M8 4.6v.3"),
}


def tone(mark: tuple[str, bool, str]) -> str:
    """Which of the page's colours a mark has: ``good``, ``bad``, ``unsure`` or ``none``."""
    return mark[0]


def symbol(mark: tuple[str, bool, str]) -> str:
    """A mark of `STATUS` or `SEVERITY` as a 16-pixel symbol; the word beside it says the same."""
    colour, filled, path = mark
    return (
        f'<svg class="lq-mark lq-{colour}{" lq-filled" if filled else ""}" viewBox="0 0 16 16" aria-hidden="true">'
        f'<circle cx="8" cy="8" r="6.6"></circle><path d="{path}"></path></svg>'
    )


def sparkline(history: Sequence[float], target: float, width: int = 120, height: int = 32) -> str:
    """Weeks of a metric as a line with its last value marked and the target dashed; gaps where a week is undefined,
    a tick for a week between two gaps."""
    known = [value for value in (*history, target) if math.isfinite(value)]
    if sum(math.isfinite(value) for value in history) < 2:
        return ""
    low, high = min(known), max(known)
    spread = (high - low) or abs(high) or 1.0
    low, spread = low - 0.08 * spread, 1.16 * spread

    def across(place: int) -> float:
        return 3 + place * (width - 7) / (len(history) - 1)

    def down(value: float) -> float:
        return height - 2 - (value - low) / spread * (height - 4)

    steps, pen_down = [], False
    for place, value in enumerate(history):
        if math.isfinite(value):
            steps.append(f"{'L' if pen_down else 'M'}{across(place):.1f} {down(value):.1f}")
            alone = not pen_down and not math.isfinite((*history, math.nan)[place + 1])
            steps.append("h1" if alone else "")
        pen_down = math.isfinite(value)
    line = f'<path class="lq-line" d="{"".join(steps)}"></path>'
    if math.isfinite(target):
        aim = f"{down(target):.1f}"
        line = f'<line class="lq-aim" x1="0" x2="{width}" y1="{aim}" y2="{aim}"></line>' + line
    if math.isfinite(history[-1]):
        end = f'cx="{across(len(history) - 1):.1f}" cy="{down(history[-1]):.1f}"'
        line += f'<circle class="lq-dot" {end} r="2.8"></circle>'
    return f'<svg class="lq-spark" viewBox="0 0 {width} {height}" aria-hidden="true">{line}</svg>'


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
