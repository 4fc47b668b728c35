"""The page's template, without a browser: what is on it, what is not, and that it is the same every time."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html import unescape

import pytest
from matplotlib.figure import Figure
from nbformat.v4 import new_code_cell, new_output

from labelqa_lib import display
from labelqa_lib.runner.export import to_html

from .examples import HOSTILE, SITES, WEEK, ExampleFinding, headline, notebook, page, segments
from .test_parts import TITLE
from .test_safe import tags


def figure():
    fig = Figure(figsize=(3, 2))
    fig.subplots().plot([1, 2])
    display.figure(fig, "accuracy-trend", 'Accuracy fell <to> "93 %".')


CELLS = (
    "# Market report\n\n**How good is it?**",
    lambda: display.title("Market report", "How good is it?", **TITLE),
    lambda: display.headline(headline()),
    "## What needs attention",
    lambda: display.findings([ExampleFinding("act", "Accuracy fell.")]),
    "## Does it move & why? `x`\n\n### Weeks\n\nThe band is the interval.",
    figure,
    lambda: display.table(segments("site", SITES), "sites", "Accuracy by site"),
    "## 這是怎麼做的？",
)


@pytest.fixture(scope="module")
def html():
    return page(*CELLS)


def test_it_is_one_file_with_one_script_and_without_code(html):
    assert html.startswith("<!DOCTYPE html>")
    assert html.count("<script") == 1
    assert "secret_code" not in html
    assert "http:" not in html
    assert "https:" not in html


def test_a_policy_lets_run_what_stands_in_the_page_and_nothing_else(html):
    (policy,) = [a["content"] for tag, a in tags(html) if a.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert not {"connect-src", "font-src", "frame-src"} & set(rules)
    assert "unsafe" not in policy
    script = html.split("<script>")[1].split("</script>")[0]
    assert rules["script-src"] == hashed(script)
    styles = [part.split("</style>")[0].split(">", 1)[1] for part in html.split("<style")[1:]]
    assert rules["style-src"].split() == [hashed(style) for style in styles]
    assert not [attributes for _, attributes in tags(html) if "style" in attributes]


def hashed(text):
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_it_has_a_language_a_title_and_one_heading_of_the_first_level(html):
    seen = tags(html)
    assert seen[0] == ("html", {"lang": "en"})
    assert f"<title>Market report · MY · {WEEK}</title>" in html
    assert [tag for tag, _ in seen].count("h1") == 1
    assert [tag for tag, _ in seen].count("main") == 1


def test_a_notebook_without_a_title_block_keeps_its_own_heading():
    assert [tag for tag, _ in tags(page("# Another page\n\nWhy?"))].count("h1") == 1


def test_the_contents_lead_to_every_heading_of_the_second_level(html):
    contents = html.split("<nav", 1)[1].split("</nav>", 1)[0]
    links = re.findall(r'<li><a href="#([^"]+)">(.*?)</a></li>', contents)
    assert [words for _, words in links] == ["What needs attention", "Does it move &amp; why? x", "這是怎麼做的？"]
    ids = {attributes.get("id") for _, attributes in tags(html)}
    assert {unescape(target) for target, _ in links} <= ids


def test_ids_are_unique_and_links_inside_the_page_arrive(html):
    ids = [attributes["id"] for _, attributes in tags(html) if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {a["href"][1:] for tag, a in tags(html) if tag == "a" and a.get("href", "").startswith("#")}
    assert targets <= set(ids)
    assert "accuracy-trend" in targets


def test_a_figure_has_its_id_size_and_escaped_alt_text(html):
    (image,) = [attributes for tag, attributes in tags(html) if tag == "img"]
    assert image["alt"] == 'Accuracy fell <to> "93 %".'
    assert (image["width"], image["height"]) == ("288", "192")
    assert image["src"].startswith("data:image/png;base64,")
    assert ("figure", {"class": "lq-figure", "id": "accuracy-trend"}) in tags(html)


def test_equal_notebooks_give_equal_bytes(html):
    assert page(*CELLS) == html


def test_a_page_in_every_hostile_text_has_the_elements_of_a_harmless_one():
    def cells(text):
        return (
            lambda: display.title(text, text, **dict.fromkeys(TITLE, text)),
            lambda: display.headline(headline(["misses", "not measured"], title=text)),
            lambda: display.findings([ExampleFinding("act", text)]),
            lambda: display.table(segments("site", [text]), "sites", text),
            lambda: display.missing([(text, text)]),
        )

    harmless = [tag for tag, _ in tags(page(*cells("a")))]
    for text in HOSTILE.values():
        assert [tag for tag, _ in tags(page(*cells(text)))] == harmless


def exported(*outputs):
    made = notebook("# Page")
    made.cells.append(new_code_cell("secret_code()", outputs=list(outputs)))
    about = type("Page", (), {"name": "page", "market": "MY", "week": WEEK, "audience": "internal", "snapshot": "s"})
    return to_html(made, about)


def test_kernel_warnings_are_not_shown_and_prints_are_escaped():
    html = exported(
        new_output("stream", name="stderr", text="UserWarning: noise"),
        new_output("stream", name="stdout", text="<b>said</b>"),
    )
    assert "noise" not in html
    assert "&lt;b&gt;said&lt;/b&gt;" in html


def test_an_error_is_readable_and_inert():
    html = exported(
        new_output("error", ename="DataError", evalue="no <week>", traceback=["\x1b[31mDataError\x1b[0m: no <week>"])
    )
    assert "<b>DataError</b>: no &lt;week&gt;" in html
    assert "\x1b" not in html


def test_plain_results_are_shown_as_text():
    html = exported(new_output("execute_result", {"text/plain": "<3 rows>"}, execution_count=1))
    assert "<pre>&lt;3 rows&gt;</pre>" in html


def test_what_needs_a_script_is_replaced_by_a_sentence():
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}, "text/plain": "Slider"}
    html = exported(
        new_output("display_data", {"application/javascript": "alert(1)"}), new_output("display_data", widget)
    )
    assert "alert(1)" not in html
    assert "needs a script is left out" in html
