"""The week's index and that of all weeks in Chromium, with every section they can have: the same demands as of a page."""

from __future__ import annotations

import pytest
from browser import look
from display.examples import HOSTILE

from labelqa_lib.runner.index import write_index
from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.runner.record import Making, PageError, PageRecord, publish

pytestmark = [pytest.mark.browser, pytest.mark.slow]
STATUSES = ("meets", "likely meets", "not enough data", "likely misses", "misses", "no target")
WEEK = "2026-W46"


def headline(place, status, metric="accuracy", **more):
    estimate = 0.97 - 0.01 * place
    return {"metric": metric, "title": metric.capitalize(), "unit": "rate", "estimate": estimate, "ci_low": estimate - 0.01,
            "ci_high": estimate + 0.01, "status": status, "reason": "", "better": "higher", "target": 0.95, "change": -0.02,
            "change_low": -0.03, "change_high": -0.01, "more_than_noise": place < 4, **more}  # fmt: skip


def finding(code, severity, text):
    return {"code": code, "severity": severity, "size": 3, "sentence": f"Accuracy fell. {text}", "evidence": "accuracy-trend",
            "metric": "accuracy", "segment": {"site": code}, "state": "still there", "weeks": 2,
            "recommendation": {"sentence": f"Calibrate {text}"}}  # fmt: skip


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Six markets of which one failed, whose free texts are attacks."""
    root = tmp_path_factory.mktemp("index")
    for place, (status, text) in enumerate(zip(STATUSES, HOSTILE.values(), strict=False)):
        for notebook in ("market_report", "error_rca"):
            page = PlannedPage(root / f"{notebook}.ipynb", root, root, f"M{place}", WEEK, "internal", "S1")
            making = Making("2026-11-16T02:00:00+00:00", 20.0 * place, 1 + place % 2, cpu=9.0, memory=2**28)
            headlines = [headline(place, status), headline(place, status, "a_long_name_of_a_metric" * 2)]
            found = [finding(f"{text}{number}", severity, text) for number, severity in enumerate(("act", "watch"))]
            publish(page, PageRecord.of(page, 15.0, title=f"Page {text}"[:300], making=making, headlines=headlines,
                                        findings=found), "x")  # fmt: skip
    page = PlannedPage(root / "overview.ipynb", root, root, "all", WEEK, "internal", "S1")
    publish(page, PageRecord.of(page, 1.0, title="Overview"), "x", beside={".xlsx": b"x"})
    page = PlannedPage(root / "market_report.ipynb", root, root, "ZZ", WEEK, "internal", "S1")
    error = PageError("KeyError", HOSTILE["script"] * 9, 7, "frame['labels']" * 30)
    publish(page, PageRecord.of(page, 1.0, error), failed="{}")
    write_index(root, "internal", WEEK, ["market_report"])
    return root / "internal"


@pytest.mark.parametrize("name", [f"{WEEK}/index.html", "index.html"])
def test_an_index_has_no_fault(reports, name):
    path = reports / name
    html = path.read_text(encoding="utf-8")
    if name != "index.html":
        assert [id for id in ("failures", "league", "findings", "moves", "pages", "run") if f'id="{id}"' not in html] == []
    with look.chromium() as browser:
        assert look.faults(browser, path) == []


def test_on_a_phone_every_sentence_of_the_digest_is_on_the_screen(reports):
    with look.chromium() as browser, look.opened(browser, reports / WEEK / "index.html", *look.SIZES["phone"]) as tab:
        boxes = tab.evaluate("[...document.querySelectorAll('.findings p')].map(p => p.getBoundingClientRect())")
        assert len(boxes) > 10 and all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
