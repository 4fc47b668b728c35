"""Text of a delivery on its way to the page: data, never markup."""

from __future__ import annotations

import html

_JOINERS = "\u200c\u200d"
"""Zero-width characters that Hindi, Persian and emoji need; every other invisible character is dropped."""

LABEL_LENGTH = 80
SENTENCE_LENGTH = 600


def plain(value: object, longest: int = LABEL_LENGTH) -> str:
    """`value` as one line of readable text.

    Control characters, direction overrides, lone surrogates and line breaks become blanks; what is longer than
    `longest` characters is cut with an ellipsis.
    """
    visible = str(value)[: 2 * longest]
    if not visible.isprintable():  # most are, and are told so at once
        visible = "".join(char if char.isprintable() or char in _JOINERS else " " for char in visible)
    line = " ".join(visible.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def text(value: object, longest: int = LABEL_LENGTH) -> str:
    """`plain` text, escaped for HTML content and attribute values."""
    return html.escape(plain(value, longest), quote=True)


def isolated(value: object, longest: int = LABEL_LENGTH) -> str:
    """`text` in its own direction: a right-to-left name does not reorder the numbers beside it."""
    return f"<bdi>{text(value, longest)}</bdi>"
