"""The symbols of a status and of a severity, the same on every page and index: shape says what colour only repeats."""

from __future__ import annotations

from labelqa_lib.translation import N_

# Filled for sure, open for likely; a tick, a cross, a question mark, a dash, an exclamation mark.
_TICK = "M4.5 8.3l2.4 2.4 4.6-5"
_CROSS = "M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4"
_QUESTION = "M6 6.4a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M8 11.6v.2"
_DASH = "M5 8h6"
_EXCLAMATION = "M8 4.2v4.6M8 11.4v.3"
STATUS = {
    N_("meets"): ("good", True, _TICK),
    N_("likely meets"): ("good", False, _TICK),
    N_("likely misses"): ("bad", False, _CROSS),
    N_("misses"): ("bad", True, _CROSS),
    N_("not enough data"): ("unsure", False, _QUESTION),
    N_("no target"): ("none", False, _DASH),
    N_("not measured"): ("none", False, _DASH),
}
SEVERITY = {
    N_("act"): ("bad", True, _EXCLAMATION),
    N_("watch"): ("bad", False, _EXCLAMATION),
    N_("good"): ("good", True, _TICK),
    N_("know"): ("none", False, "M8 7.4v4.2M8 4.6v.3"),
}
MOVE = {
    N_("worse"): ("bad", False, _EXCLAMATION),
    N_("better"): ("good", False, _TICK),
    N_("moved"): ("none", False, _DASH),
}
FAILED = ("bad", True, _CROSS)
"""Of a page that could not be made."""


def tone(mark: tuple[str, bool, str]) -> str:
    """Which of the page's colours a mark has: ``good``, ``bad``, ``unsure`` or ``none``."""
    return mark[0]


def symbol(mark: tuple[str, bool, str]) -> str:
    """A mark of `STATUS`, `SEVERITY` or `MOVE` as inline SVG of the text's size; the word beside it says the same."""
    colour, filled, path = mark
    return (
        f'<svg class="lq-mark lq-{colour}{" lq-filled" if filled else ""}" viewBox="0 0 16 16" aria-hidden="true">'
        f'<circle cx="8" cy="8" r="6.6"></circle><path d="{path}"></path></svg>'
    )
