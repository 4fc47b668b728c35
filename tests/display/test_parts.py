from __future__ import annotations

import json
from types import SimpleNamespace

import pandas as pd
import pytest

from labelqa_lib import display

from .examples import HOSTILE, ExampleFinding
from .test_safe import tags

MIME = "application/vnd.labelqa.findings+json"
TITLE = {"market": "MY", "market_name": "Malaysia", "week": "2026-W46", "dates": "9 to 15 November 2026",
         "audience": "internal", "snapshot": "20261116T020000Z-1a2b3c4d"}  # fmt: skip


def test_the_title_says_what_for_whom_and_from_which_data(shown):
    display.title("Market report", "How good is it?", **TITLE)
    for said in ("Market report", "How good is it?", "<bdi>Malaysia (MY)</bdi>, 2026-W46", "Week</dt> <dd><bdi>2026-W46, 9 to", *TITLE.values()):
        assert said in shown.html
        assert said.startswith(("<", "Week<")) or said.split(" (")[0] in shown.text
    assert [tag for tag, _ in tags(shown.html)].count("h1") == 1


def test_findings_stand_in_their_order_with_word_shape_and_evidence(shown):
    ordered = [ExampleFinding(severity, f"Sentence {severity}.") for severity in ("act", "watch", "good", "know")]
    display.findings(ordered)
    places = [shown.html.index(f"Sentence {one.severity}.") for one in ordered]
    assert places == sorted(places)
    for word in ("Act", "Watch", "Good", "Know"):
        assert f"</svg>{word}</span>" in shown.html
    assert shown.html.count('<a href="#accuracy-trend">') == 4
    assert shown.text.splitlines()[0] == "Act: Sentence act."


def test_a_finding_without_evidence_has_no_link(shown):
    display.findings([ExampleFinding("know", "Nothing to see.", evidence="")])
    assert "<a " not in shown.html


def test_what_is_left_out_is_counted(shown):
    display.findings([ExampleFinding("act", f"Sentence {place}.") for place in range(20)], most=12)
    assert "… and 8 more" in shown.html
    assert len(shown[-1].data[MIME]) == 20


def test_no_finding_is_a_sentence(shown):
    display.findings([])
    assert "Nothing needs attention" in shown.html
    assert shown[-1].data[MIME] == []


def test_findings_are_there_as_data(shown):
    display.findings([ExampleFinding("act", "A sentence.", segment={"site": "KUL"})])
    (row,) = json.loads(json.dumps(shown[-1].data[MIME], allow_nan=False))
    assert row["sentence"] == "A sentence."
    assert row["segment"] == {"site": "KUL"}
    assert row["ci_low"] is None


def test_open_questions_name_what_would_answer_them(shown):
    display.missing([("How much of paid time is spent labelling?", "needs shifts")])
    assert "<dt>How much of paid time is spent labelling?</dt><dd>needs shifts</dd>" in shown.html
    display.missing([])
    assert "Every question of this page could be answered." in shown.html


def test_provenance_is_a_list_of_names_and_values(shown):
    display.provenance({"Snapshot": "abc", "Rows": 12})
    assert "<dt>Rows</dt><dd>12</dd>" in shown.html
    assert shown.text == "Snapshot: abc\nRows: 12"


def test_quality_is_a_table_by_table(shown):
    display.quality(pd.DataFrame({"table": ["audits"], "rejected": [13]}))
    assert 'id="data-quality"' in shown.html and 'id="notes"' not in shown.html
    assert "audits" in shown.html
    display.quality(pd.DataFrame({"table": ["audits"]}), ["<b>.csv: was not read"])
    assert '<ul class="lq-notes" id="notes"><li>&lt;b&gt;.csv: was not read</li></ul>' in shown.html


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_stays_text(shown, text):
    def say(value):
        display.title(value, value, **dict.fromkeys(TITLE, value))
        display.findings([ExampleFinding("act", value, evidence=value or "a")])
        display.sentence(value)
        display.missing([(value, value)])
        display.provenance({value: value})
        return [(tag, set(attributes)) for output in shown for tag, attributes in tags(output.data["text/html"])]

    expected = say("a")
    shown.clear()
    assert say(text) == expected
    assert not [output for output in shown if "\x00" in output.data["text/html"] + output.data["text/plain"]]


def test_a_finding_says_whether_it_is_new_and_what_to_do(shown):
    display.findings([
        ExampleFinding("act", "A.", state="still there", weeks=3, since="2026-W44", recommendation=SimpleNamespace(sentence="Train <b>.")),
        ExampleFinding("know", "B.", state="gone", weeks=3, since="2026-W44"),
        ExampleFinding("act", "C."),
    ])  # fmt: skip
    html = shown.html
    assert "still there (week 3), since 2026-W44</small>" in html and "Train &lt;b&gt;." in html
    assert "<small>gone</small>" in html
    assert html.count("<small>") == 2
