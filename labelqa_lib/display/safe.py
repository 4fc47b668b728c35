"""Text of a delivery on its way to the page: data, never markup."""

from __future__ import annotations

import html
import unicodedata

# Characters that reorder what stands after them: a label may not turn the sentence around it.
_REORDERING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
_DROPPED = {"Cc", "Cs", "Co", "Cn"}
_BREAKS = {"\n": " ", "\r": " ", "\t": " "}

LABEL_LENGTH = 80
SENTENCE_LENGTH = 600


def plain(value: object, longest: int = LABEL_LENGTH) -> str:
    """`value` as one line of readable text.

    Control characters, lone surrogates, unassigned code points and direction overrides are dropped (letters of every
    script, right-to-left marks and emoji stay); what is longer than `longest` characters is cut with an ellipsis.
    """
    cut = str(value)[: 2 * longest]
    kept = "".join(
        _BREAKS.get(char, char)
        for char in cut
        if char in _BREAKS
        or (unicodedata.category(char) not in _DROPPED and unicodedata.bidirectional(char) not in _REORDERING)
    ).strip()
    return kept if len(kept) <= longest else kept[: longest - 1].rstrip() + "…"


def text(value: object, longest: int = LABEL_LENGTH) -> str:
    """`plain` text, escaped for HTML content and attribute values."""
    return html.escape(plain(value, longest), quote=True)


def isolated(value: object, longest: int = LABEL_LENGTH) -> str:
    """`text` in its own direction: a right-to-left name does not reorder the numbers beside it."""
    return f"<bdi>{text(value, longest)}</bdi>"
