from __future__ import annotations

import re
import shutil

import pytest

from labelqa_lib.runner.sealing import requests_of
from labelqa_lib.runner.index import index_is_fresh, write_index
from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.runner.record import PageError, PageRecord, publish

ACCURACY = {
    "metric": "accuracy", "title": "Accuracy", "unit": "rate", "estimate": 0.9523, "ci_low": 0.941,
    "ci_high": 0.961, "status": "likely meets", "reason": "",
}  # fmt: skip
UNKNOWN = {
    "metric": "ata_accuracy", "title": "ATA accuracy", "unit": "rate", "estimate": None, "ci_low": None,
    "ci_high": None, "status": "not measured", "reason": "needs audits; none was delivered",
}  # fmt: skip


def finding(severity, size, sentence):
    return {"code": sentence, "severity": severity, "size": size, "sentence": sentence, "evidence": "accuracy-trend"}


@pytest.fixture
def put(tmp_path):
    def put(market, week="2026-W46", notebook="market_report", error=None, html=None, failed=None, **said):
        page = PlannedPage(tmp_path / f"{notebook}.ipynb", tmp_path, tmp_path, market, week, "internal", "S1")
        return publish(page, PageRecord.of(page, 1.0, error, **said), html, failed)

    return put


@pytest.fixture
def index(tmp_path):
    return lambda week="2026-W46": write_index(tmp_path, "internal", week, ["market_report"]).read_text("utf-8")


def test_a_week_shows_each_markets_figures_with_interval_and_status(put, index):
    put("MY", html="x", headlines=[ACCURACY, UNKNOWN])
    html = index()
    for part in (
        'href="MY/market_report.html"', "95.2 %", "94.1 to 96.1 %", "likely meets", "Accuracy", "not measured",
        "needs audits; none was delivered", "Nov 9 – 15, 2026", "S1",
    ):  # fmt: skip
        assert part in html
    assert requests_of(html) == []


def test_a_failure_is_told_with_cell_error_and_what_there_is_to_open(put, index, tmp_path):
    put("MY", html="good before")
    put("MY", error=PageError("KeyError", "'labels'", 7, 'frame["labels"]'), failed="{}")
    put("ES", error=PageError("WorkerDied", "the process was killed by SIGKILL"))
    html = index()
    for part in (
        "cell [7]", "frame[&#34;labels&#34;]", "KeyError", 'href="MY/market_report.failed.ipynb"',
        'href="MY/market_report.html">The page of an earlier run', "WorkerDied", "2 failed",
    ):  # fmt: skip
        assert part in html
    assert 'href="ES/market_report.html"' not in html
    assert 'href="ES/market_report.failed.ipynb"' not in html
    assert "Market report failed" in (tmp_path / "internal" / "index.html").read_text()


def test_findings_of_all_markets_are_ranked_by_severity_then_size(put, index):
    put("MY", html="x", findings=[finding("know", 900, "know this"), finding("act", 5, "small act")])
    put("ES", html="x", findings=[finding("act", 80, "large act"), finding("watch", 500, "watch it")])
    html = index()
    places = [html.index(said) for said in ("large act", "small act", "watch it")]
    assert places == sorted(places)
    assert "know this" not in html
    assert 'href="ES/market_report.html#accuracy-trend"' in html


def test_four_notebooks_are_one_table_of_pages_then_the_figures_of_those_that_have_any(put, index, tmp_path):
    for market in ("MY", "ES"):
        put(market, html="x", headlines=[ACCURACY], title="Market report")
        put(market, notebook="calibration", html="x", headlines=[UNKNOWN], title="Do the auditors agree?")
        put(market, notebook="error_rca", html="x", title="Error causes")
    put("SG", notebook="error_rca", error=PageError("KeyError", "'site'"), failed="{}")
    html = index()
    pages = html[html.index('id="pages"') : html.index('id="notebook-1"')]
    assert re.findall(r'<th scope="(?:col|row)">([^<]+)', pages) == [
        "Market", "Market report", "Do the auditors agree?", "Error causes", "ES", "MY", "SG"
    ]  # fmt: skip
    assert pages.count(">open</a>") == 6 and pages.count(">failed</a>") == 1
    assert 'href="ES/error_rca.html" aria-label="Error causes, ES"' in pages
    assert "SG, Error causes" in html
    assert re.findall(r'<h2 id="notebook-\d">([^<]+)', html) == ["Market report", "Do the auditors agree?"]
    overview = (tmp_path / "internal" / "index.html").read_text()
    assert overview.count("95.2 %") == 2 and "not measured" not in overview
    assert "Error causes failed" in overview and 'href="2026-W46/MY/calibration.html"' in overview


def test_a_page_about_all_markets_comes_first_and_is_no_market(put, index, tmp_path):
    put("all", notebook="overview", html="x", title="Overview", findings=[finding("act", 99, "MY: accuracy fell")])
    put("MY", html="x", headlines=[ACCURACY], title="Market report", findings=[finding("act", 5, "accuracy fell")])
    html = index()
    assert html.index('Over all markets: <a href="all/overview.html">Overview</a>') < html.index('id="findings"')
    assert "MY: accuracy fell" not in html, "the markets' own pages say it"
    assert re.findall(r'<th scope="(?:col|row)">([^<]+)', html[html.index('id="pages"') : html.index('id="notebook-1"')]) == [
        "Market", "Market report", "MY"]  # fmt: skip
    every = (tmp_path / "internal" / "index.html").read_text()
    assert 'href="2026-W46/all/overview.html">Overview' in every and ">all</th>" not in every
    put("all", notebook="overview", error=PageError("KeyError", "'x'"))
    assert "all markets, Overview" in index()


def test_a_finding_that_two_notebooks_come_to_is_listed_once(put, index):
    for notebook in ("market_report", "error_rca"):
        put("MY", notebook=notebook, html="x", findings=[finding("act", 5, "accuracy fell")])
    put("ES", html="x", findings=[finding("act", 5, "accuracy fell")])
    assert index().count("accuracy fell") == 2


def test_text_of_records_is_never_markup(put, index):
    evil = "<script>alert(1)</script>"
    put("MY", html="x", headlines=[{**ACCURACY, "title": evil, "reason": evil}], findings=[finding("act", 1, evil)],
        title=evil)  # fmt: skip
    put("ES", error=PageError(evil, evil, 1, evil), failed="{}")
    assert "<script" not in index()


def test_all_weeks_the_latest_first_and_the_same_bytes_again(put, index, tmp_path):
    put("MY", "2026-W45", html="x", headlines=[ACCURACY, UNKNOWN])
    put("ES", "2026-W46", html="x")
    first = index()
    overview = (tmp_path / "internal" / "index.html").read_text()
    assert overview.index("2026-W46") < overview.index("2026-W45")
    assert 'href="2026-W45/MY/market_report.html"' in overview
    assert "95.2 %" in overview and "likely meets" in overview and "ATA accuracy" not in overview
    assert requests_of(overview) == []
    put("ES", "2026-W46", html="x")
    assert index() == first
    assert (tmp_path / "internal" / "index.html").read_text() == overview


def test_an_index_is_not_fresh_where_it_links_into_folders_that_were_removed(put, index, tmp_path):
    for market, week in (("MY", "2026-W44"), ("ES", "2026-W44"), ("MY", "2026-W46"), ("TW", "2026-W46")):
        put(market, week, html="x")
    page = PlannedPage(tmp_path / "market_report.ipynb", tmp_path, tmp_path, "MY", "2026-W46", "internal", "S1")
    for gone in ("2026-W46/TW", "2026-W44/ES", "2026-W44"):
        index()
        assert index_is_fresh([page])
        shutil.rmtree(tmp_path / "internal" / gone)
        assert not index_is_fresh([page]), gone
    index()
    assert index_is_fresh([page]) and "2026-W44" not in (tmp_path / "internal" / "index.html").read_text()
    put("TW", html="x")
    index()
    shutil.rmtree(tmp_path / "internal" / "2026-W46" / "TW")
    index("2026-W45")
    assert not index_is_fresh([page]), "of all weeks none does, the week's own does"


def told(market, estimate, half=0.01, **more):
    return {"headlines": [{**ACCURACY, "estimate": estimate, "ci_low": estimate - half, "ci_high": estimate + half,
                           "better": "higher", "target": 0.95, **more}]}  # fmt: skip


def test_the_league_says_which_places_the_intervals_leave_open(put, index):
    for market, estimate in (("MY", 0.90), ("ES", 0.96), ("TW", 0.955), ("SG", 0.80)):
        put(market, html="x", **told(market, estimate))
    html = index()
    rows = html[html.index('id="league"') : html.index("A place is the range")]
    seen = re.findall(r'<th scope="row"><a [^>]*>(\w+)</a></th>\s*<td>([^<]+)</td>', rows)
    assert seen == [("ES", "1 to 2"), ("TW", "1 to 2"), ("MY", "3"), ("SG", "4")]
    assert 'aria-label="SG: 80.0 %, 79.0 to 81.0 %"' in rows


def test_a_lower_figure_is_better_where_the_metric_says_so_and_one_market_is_no_league(put, index):
    low = {"metric": "fpr", "title": "FPR", "better": "lower", "target": None}
    put("MY", html="x", **told("MY", 0.02, **low))
    assert 'id="league"' not in index()
    put("ES", html="x", **told("ES", 0.20, **low))
    assert [market for market in re.findall(r'<th scope="row"><a [^>]*>(\w+)', index())[:2]] == ["MY", "ES"]


def test_what_moved_by_more_than_noise_is_told_the_worse_first(put, index):
    moved = {"change_low": -0.05, "change_high": -0.01, "more_than_noise": True}
    put("ES", html="x", **told("ES", 0.95, change=0.03, **{**moved, "change_low": 0.01, "change_high": 0.05}))
    put("MY", html="x", **told("MY", 0.92, change=-0.03, **moved))
    put("TW", html="x", **told("TW", 0.93, change=-0.01, more_than_noise=False))
    html = index()
    part = html[html.index('id="moves"') :]
    assert part.index("Accuracy −3.0 pt (−5.0 to −1.0) on last week") < part.index("Accuracy +3.0 pt (1.0 to 5.0)")
    assert ">worse</span>" in part and ">better</span>" in part and "−1.0 pt on" not in part


def test_ten_findings_with_their_standing_and_advice(put, index):
    known = {"state": "still there", "weeks": 3, "recommendation": {"sentence": "Train <b>them</b>."}}
    put("MY", html="x", findings=[finding("act", size, f"number {size};") for size in range(12)])
    put("ES", html="x", findings=[finding("act", 99, "largest") | known, finding("know", 0, "over") | {"state": "gone"}])
    html = index()
    assert html.count("</svg>act</span>") == 10 and "number 3;" in html and "number 2;" not in html
    assert "<b>still there (week 3)</b>: largest" in html and "Train &lt;b&gt;them&lt;/b&gt;." in html
    assert "Of all findings 1 still there, 1 gone since last week." in html


def test_one_incident_of_several_pages_is_told_once_with_links_to_the_others(put, index):
    where = {"metric": "accuracy", "segment": {"reference_label": "spam"}, "also": [{"queue": "live"}]}
    put("MY", html="x", title="Market report", findings=[
        finding("act", 30, "spam is missed") | where,
        finding("act", 20, "the market misses its target") | {"metric": "accuracy", "segment": {}},
    ])  # fmt: skip
    narrower = {"metric": "error_rate", "segment": {"reference_label": "spam", "site": "KUL"},
                "recommendation": {"sentence": "Train KUL."}}  # fmt: skip
    put("MY", notebook="error_rca", html="x", title="Why?", findings=[finding("act", 10, "KUL misses spam") | narrower])
    put("MY", notebook="calibration", html="x", title="Agreed?", findings=[
        finding("act", 5, "live is split") | {"code": "split:sop:a:b", "segment": {"queue": "live"}},
        finding("act", 4, "another site") | {"metric": "accuracy", "segment": {"site": "KUL"}},
    ])  # fmt: skip
    put("ES", html="x", title="Market report", findings=[finding("act", 3, "spam is missed there") | where])
    html = index()
    assert "KUL misses spam" not in html and "live is split" not in html
    leader = html[html.index("spam is missed") : html.index("the market misses")]
    assert "Train KUL." in leader, "the advice of a page that has one"
    assert re.findall(r'<a href="([^"]+)">([^<]+)', leader)[:2] == [
        ("MY/error_rca.html#accuracy-trend", "Why?"), ("MY/calibration.html#accuracy-trend", "Agreed?"),
    ]  # fmt: skip
    assert "another site" in html and "spam is missed there" in html, "one site of two incidents does not join them"


def test_every_status_severity_and_move_has_its_symbol_beside_its_word(put, index, tmp_path):
    moved = {"change": -0.03, "change_low": -0.05, "change_high": -0.01, "more_than_noise": True}
    put("MY", html="x", findings=[finding("watch", 5, "watch it")], **told("MY", 0.92, **moved))
    put("ES", html="x", **told("ES", 0.95, status="of another version"))
    put("ES", notebook="error_rca", error=PageError("KeyError", "'site'"))
    html = index() + (tmp_path / "internal" / "index.html").read_text()
    for word in ("likely meets", "watch", "worse", "failed"):
        assert f"</svg>{word}</" in html
    assert html.count('<span class="status lq-none">of another version</span>') == 3


def test_the_index_speaks_the_workspaces_locale_and_quotes_findings_in_their_pages(put, tmp_path):
    put("MY", html="x", language="es-MX", findings=[finding("act", 5, "Bajó la exactitud")], **told("MY", 0.92))
    put("ES", html="x", findings=[finding("act", 3, "Accuracy fell")], **told("ES", 0.93))
    html = write_index(tmp_path, "internal", "2026-W46", ["market_report"], "es-MX").read_text("utf-8")
    assert '<html lang="es-MX">' in html and "9–15 de nov de 2026" in html and "91.0 a 93.0 %" in html
    assert "<p>Bajó la exactitud</p>" in html.replace("\n", "") and '<span lang="en">Accuracy fell</span>' in html
    page = PlannedPage(tmp_path / "market_report.ipynb", tmp_path, tmp_path, "MY", "2026-W46", "internal", "S1")
    assert index_is_fresh([page], "es-MX") and not index_is_fresh([page])
