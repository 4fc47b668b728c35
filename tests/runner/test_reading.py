"""A page is read as Python's own parser reads it, whichever way it takes."""

from __future__ import annotations

import pytest

from labelqa_lib.runner import reading

HEAD = '<!DOCTYPE html>\n<html lang="en">\n<head><!-- policy --><link rel="icon" href="data:,"><style type="text/css">p { a: b }</style></head>'
PLAIN = [
    "",
    "text & more &lt;b&gt; of it",
    '<a href="https://doi.org/x">a</a><a class="anchor-link" href="#b">b</a>',
    '<svg viewBox="0 0 4 4" aria-hidden="true"><path d="M0 0"></path></svg>',
    '<img src="data:image/png;base64,aGk=" alt="Agents&#x27; rate">',
    '<img src="https://example/x.png"><img SRCSET="//example/x.png 2x" hidden>',
    '<area href="https://example/"><base href="//example/">',
    "<style>@import '//example/x.css'; a > b {}</style><script>fetch('https://example/'); a < b</script>",
    '<form action="https://example/"><p data="//example/">x</p></form>',
]
"""What is read without a parser."""

TAKES_A_PARSER = [
    "a < b",
    '<p style="background: url(//example/x.png)">x</p>',
    '<img src="&#47;/example/x.png">',
    "<img title='<b title=\"' src=//example/x.png data-x=\">' >",
    '<img title="a>b" src="//example/x.png">',
    '<img/src="//example/x.png">',
    '<IMG SRC="//example/x.png">',
    '<img\nsrc="//example/x.png">',
    '<!-- <img src="//example/x.png"> --><p>',
    "<script>a('</b>')</script><img src=\"//example/x.png\">",
    "<script><!-- <script> --></script>",
    "<style>p {}",
    "<image xlink:href = '//example/x.png'/>",
    "<![CDATA[<img src='//example/x.png'>]]>",
    "<textarea></p",
]


def told(read: reading.Reading) -> tuple:
    return read.requests, read.styles, read.styled


@pytest.mark.parametrize("body", PLAIN)
def test_a_plain_page_needs_no_parser_and_is_read_alike(body):
    page = f"{HEAD}<body>{body}</body></html>"
    assert told(reading._plain(page)) == told(reading._parsed(page))


@pytest.mark.parametrize("body", TAKES_A_PARSER)
def test_of_what_is_written_otherwise_nothing_is_guessed(body):
    page = f"{HEAD}<body>{body}"
    assert reading._plain(page) is None
    assert told(reading.read(page)) == told(reading._parsed(page))


def test_what_asks_the_network_is_found_either_way():
    for body in (PLAIN[5], PLAIN[7], TAKES_A_PARSER[2], TAKES_A_PARSER[4], TAKES_A_PARSER[7]):
        assert reading.read(f"{HEAD}<body>{body}").requests, body
