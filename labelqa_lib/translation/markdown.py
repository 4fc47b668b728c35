"""A notebook's Markdown, paragraph by paragraph: what is said is translated, what marks it up stays."""

from __future__ import annotations

import re
from collections.abc import Iterator

from labelqa_lib.translation import say

_BEGINS = re.compile(r"(\s*(?:#{1,6}|[-*+]|\d+\.|>)\s+)(?=\S)")
"""A heading, an entry of a list, a quotation: each is a block of its own, even right below another."""
_HEADING = re.compile(r"\s*#{1,6}\s")
_FENCE = re.compile(r"\s*(```|~~~)")


def blocks(source: str) -> Iterator[tuple[str, str]]:
    """The blocks of a Markdown cell: the mark that each begins with, and its text in one line.

    Yields
    ------
    (str, str)
        ``("## ", "What needs attention")``. A text that is not to be translated (an empty line, code, a table) is the
        mark of an empty text.
    """
    mark, words, fenced = "", [], False

    def ended() -> Iterator[tuple[str, str]]:
        nonlocal mark, words
        if words:
            yield mark, " ".join(words)
        mark, words = "", []

    for line in source.split("\n"):
        fence = bool(_FENCE.match(line))
        if fenced or fence or not line.strip() or line.lstrip().startswith("|"):
            yield from ended()
            yield line, ""
            fenced = fenced != fence
            continue
        begins = _BEGINS.match(line)
        if begins:
            yield from ended()
            mark, line = begins[1], line[begins.end() :]
        words.append(line.strip())
        if begins and _HEADING.match(begins[1]):
            yield from ended()
    yield from ended()


def translated(source: str) -> str:
    """A Markdown cell in the language that is spoken."""
    return "\n".join(mark + say(text) for mark, text in blocks(source))
