from __future__ import annotations

import gettext
from html import unescape

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from labelqa_lib import translation
from labelqa_lib.errors import UsageError
from labelqa_lib.runner.export import FINDINGS, HEADLINE, said, to_html
from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.runner.sealing import requests_of


@pytest.fixture
def page(tmp_path):
    return PlannedPage(tmp_path / "page.ipynb", tmp_path, tmp_path, "MY", "2026-W46", "internal", "S1")


def executed(*outputs, source="secret_code = 1"):
    """An executed notebook with papermill's times and random cell ids."""
    cells = [new_markdown_cell("# How good are we?"), new_code_cell(source, outputs=list(outputs))]
    notebook = new_notebook(cells=cells)
    notebook.metadata["papermill"] = {"start_time": nbformat.v4.new_markdown_cell().id}
    return notebook


SHOWN = new_output("display_data", data={"text/html": "<b>the figure</b>", HEADLINE: [{"metric": "accuracy"}]})
WARNED = new_output("stream", name="stderr", text="DeprecationWarning: careful")
FOUND = new_output("display_data", data={FINDINGS: [{"code": "a"}, {"code": "b"}]})


def test_two_equal_runs_give_the_same_bytes(page):
    first, second = executed(SHOWN), executed(SHOWN)
    assert first.cells[0].id != second.cells[0].id
    assert to_html(first, page) == to_html(second, page)


def test_a_page_shows_results_and_neither_code_nor_warnings_nor_times(page):
    notebook = executed(SHOWN, WARNED, FOUND)
    html = to_html(notebook, page)
    assert "<b>the figure</b>" in html
    for hidden in ("secret_code", "careful", "vnd.labelqa", notebook.metadata["papermill"]["start_time"]):
        assert hidden not in html
    assert notebook.cells[1].outputs[1] == WARNED  # the executed notebook itself is left as it was


def test_title_headlines_findings_and_warnings_are_handed_on(page):
    assert said(executed(SHOWN, WARNED, FOUND)) == {
        "title": "How good are we?",
        "language": "en",
        "headlines": [{"metric": "accuracy"}],
        "findings": [{"code": "a"}, {"code": "b"}],
        "warnings": ["DeprecationWarning: careful"],
    }


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/x.css">',
        "<IMG SRC = 'http://example/x.png'>",
        '<img srcset="https://example/x.png 2x">',
        '<svg><image xlink:href="https://example/x.png"/></svg>',
        '<p style="background: url(https://example/x.png)">x</p>',
        '<style>@import "https://example/x.css";</style>',
        "<style>p { background: url('//example/x.png') }</style>",
        '<script type="module">import x from "https://example/x.js"</script>',
        '<script>fetch("https://example/data")</script>',
    ],
)
def test_a_request_to_the_network_is_found(html, page):
    assert requests_of(html)
    with pytest.raises(UsageError, match="the page asks the network for"):
        to_html(executed(new_output("display_data", data={"text/html": html})), page)


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://doi.org/10.1080/x">the paper</a>',
        '<img src="data:image/png;base64,aGk="><a href="#findings">below</a>',
        '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"></path></svg>',
        "<p>a post said: src=&quot;https://example/x.png&quot;, url(https://example)</p>",
    ],
)
def test_links_and_text_are_no_requests(html):
    assert requests_of(html) == []


def test_a_page_leads_to_its_weeks_other_pages(page):
    assert f'<a href="../index.html">All pages of {page.week}</a>' in to_html(executed(SHOWN), page)


class Louder(gettext.NullTranslations):
    """A language in which everything is said with marks around it."""

    def gettext(self, message):
        return f"«{message}»"


def test_a_page_speaks_the_locale_of_its_title_and_keeps_the_ids_of_english_headings(page, monkeypatch):
    monkeypatch.setattr(translation, "catalogue", lambda language: Louder() if language == "es" else gettext.NullTranslations())
    title = new_output("display_data", data={"text/html": '<header class="lq-title"></header>'},
                       metadata={"labelqa": {"locale": "es-MX"}})  # fmt: skip
    notebook = executed(title, new_output("display_data", data={"text/html": "<b>as it was shown</b>"}))
    notebook.cells.insert(1, new_markdown_cell("## What *moved*?\n\nA change\nhas an interval.\n\n### Why, `here`?"))
    html = unescape(to_html(notebook, page))
    assert '<html lang="es-MX">' in html and "<title>«How good are we?» · MY · 2026-W46</title>" in html
    assert '<h2 id="What-moved?">«What <em>moved</em>?»<a class="anchor-link" href="#What-moved?">' in html
    assert '<h3 id="Why,-here?">«Why, <code>here</code>?»' in html and "<p>«A change has an interval.»</p>" in html
    assert '<li><a href="#What-moved?">«What moved?»</a></li>' in html and "«Skip to the report»" in html
    assert "<b>as it was shown</b>" in html, "what the kernel said is said already"
    assert said(notebook)["language"] == "es-MX" and said(notebook)["title"] == "How good are we?"
    assert '<html lang="en">' in to_html(executed(SHOWN), page), "the next page of the process is English again"
