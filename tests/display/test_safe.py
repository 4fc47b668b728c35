from __future__ import annotations

import html
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelqa_lib.display import safe

from .examples import HOSTILE


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))


def tags(markup: str) -> list[tuple[str, dict]]:
    parser = _Tags()
    parser.feed(markup)
    parser.close()
    return parser.seen


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_makes_no_element_and_no_attribute(text):
    assert tags(f'<p title="{safe.text(text)}">{safe.isolated(text)}</p>') == [
        ("p", {"title": safe.plain(text)}),
        ("bdi", {}),
    ]


@given(st.text())
def test_any_text_stays_text_on_one_short_printable_line(text):
    plain = safe.plain(text)
    assert len(plain) <= safe.LABEL_LENGTH
    assert all(char.isprintable() or char in "\u200c\u200d" for char in plain)
    assert html.unescape(safe.text(text)) == plain
    safe.text(text).encode("utf-8")


def test_direction_overrides_and_control_characters_are_dropped():
    assert safe.plain(HOSTILE["right-to-left"]) == "gnp.exe abc"
    assert safe.plain(HOSTILE["nul"]) == "a b [31m"


def test_half_a_surrogate_pair_does_not_stop_the_page():
    assert safe.plain("half \ud83d pair") == "half pair"


def test_letters_of_every_script_and_joined_emoji_stay():
    for text in ("नई दिल्ली", "القاهرة", "仇恨言論", "สแปมที่น้ำ", "👩‍👩‍👧", "क्‍ष"):
        assert safe.plain(text) == text


def test_long_text_is_cut_with_an_ellipsis():
    assert safe.plain("x" * 10_000, 20) == "x" * 19 + "…"
