"""The market report, rendered as a user renders it: the demo's planted incidents are found, nothing is invented."""

from __future__ import annotations

import re
from html import unescape

import duckdb
import nbformat
import numpy as np
import pytest
from house import House

from labelqa_lib import store, wording
from labelqa_lib.metrics import assisted
from labelqa_lib.periods import weeks_up_to
from labelqa_lib.translation import say
from tests import catalogues

pytestmark = pytest.mark.slow

LAST = "2026-W46"
MARKETS = ("ES", "GB", "MX", "MY", "SG", "TW")


@pytest.fixture(scope="module")
def demo(demo_house) -> House:
    report = ("run", "--notebook", "market_report")
    demo_house.labelqa(*report)
    demo_house.labelqa(*report, "--week", "2026-W40", "--market", "MY")
    demo_house.labelqa(*report, "--week", "2026-W35", "--market", "GB")
    return demo_house


def test_every_market_has_its_page(demo):
    for market in MARKETS:
        assert demo.record(LAST, market)["status"] == "rendered"
        page = demo.page(LAST, market)
        assert len(page.encode()) < 1_500_000
        with demo.speaking(market):
            assert say("What could not be answered?") in unescape(page)
        assert not re.search(r">\s*nan\b", page, re.IGNORECASE)
    index = (demo.root / "reports" / "internal" / LAST / "index.html").read_text(encoding="utf-8")
    assert all(f"{market}/market_report.html" in index for market in MARKETS)


SHOWN = {
    "MY-COUNTERFEIT": "accuracy",
    "SG-COMMENTS-BACKLOG": "sla_attainment",
    "ES-LENIENT-QA": "accuracy_corrected",
    "MX-SOP-ADULT": "accuracy",
    "TW-OVERTURNS": "overturn_rate",
    "TW-MIX": "accuracy",
    "GB-SLOW-TOOL": "aht",
    "GB-SOP-SAFETY": "accuracy",
    "MY-ADS-SLA": "sla_attainment",
}


@pytest.mark.parametrize("code", SHOWN)
def test_a_planted_incident_is_among_the_findings_of_its_week(demo, code):
    incident = demo.incidents()[code]
    week = LAST if LAST in incident["weeks"] else min(incident["weeks"])
    findings = demo.record(week, incident["market"])["findings"]
    planted = set(incident["segment"].items())
    with demo.speaking(incident["market"]):
        told = [
            one["sentence"]
            for one in findings
            if one["metric"] == SHOWN[code] and (not planted or planted & set(one["segment"].items()) or _named(planted, one))
        ]
    assert told, f"{incident['planted']}\nfound instead:\n" + "\n".join(one["sentence"] for one in findings)


def _named(planted: set, finding: dict) -> bool:
    """The segment is named as another view of the same story."""
    return any(wording.segment({name: value}) in finding["sentence"] for name, value in planted)


def test_the_model_makes_the_demos_audits_worth_1_6_times_as_many(demo):
    """In the median week and market, and in every market over its thirteen weeks, with ES whose QAs stopped marking."""
    weekly, pooled = [], []
    for market in MARKETS:
        tables = store.open_tables(demo.root / "data" / "snapshots", market, weeks_up_to(LAST, 13))
        weekly += assisted(tables, ["week"])["worth"].dropna().tolist()
        pooled.append(assisted(tables, weeks=tables.weeks)["worth"].iloc[1])
    assert len(weekly) == 13 * len(MARKETS) and min(weekly) >= 1
    assert np.median(weekly) >= 1.6
    assert min(pooled) >= 1.6 and np.median(pooled) >= 2


def test_the_incidents_listed_are_the_incidents_planted(demo):
    assert set(demo.incidents()) == set(SHOWN)


def test_a_pure_mix_shift_blames_nobody(demo):
    findings = demo.record(LAST, "TW")["findings"]
    mixed = next(one for one in findings if one["code"] == "mix:accuracy:queue")
    with demo.speaking("TW"):
        own = say(
            "its own change within every {dimension} is {change}, within noise: nobody got worse",
            dimension=wording.dimension("queue"), change="CHANGE",
        )  # fmt: skip
        assert own.partition("CHANGE")[2] in mixed["sentence"]
    assert not any(one["code"].startswith("move:accuracy") and one["gap"] for one in findings)


SPOKEN = {"TW": "zh-Hant-TW", "MX": "es-MX"}


@pytest.mark.parametrize("market", SPOKEN)
def test_a_page_speaks_its_markets_language(demo, market):
    """No English sentence of the catalogues stands in it, nor, in Chinese, three English words in a row; what was delivered
    stays as it was."""
    html = demo.page(LAST, market)
    assert f'<html lang="{SPOKEN[market]}">' in html
    text = visible(re.sub(r"(?s)<(style|script|code)\b.*?</\1>", " ", html))
    text += " ".join(unescape(told) for told in re.findall(r'(?:alt|aria-label|title|data-said)="([^"]*)"', html))
    for name, column in (("actions", "action"), ("sop_versions", "summary")):
        for told in duckdb.sql(f"SELECT DISTINCT {column} FROM '{demo.root}/data/demo/{name}.parquet'").fetchall():
            text = text.replace(told[0], " ")
    english = {part.strip() for _, said in catalogues.marked() for part in re.split(r"\{\w*\}", said if isinstance(said, str) else said[1])}
    assert [part for part in english if len(re.findall(r"[A-Za-z]{2,}", part)) > 2 and part in text] == []
    if market == "TW":
        assert re.findall(r"[a-z]{2,}(?: [a-z]{2,}){2,}", text) == []


def visible(html: str) -> str:
    """The text of a piece of HTML, in one line: the exporter writes its tags in its own way."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def test_plain_papermill_says_the_same_as_the_batch(demo):
    demo.python(
        "-m", "papermill", "notebooks/market_report.ipynb", "out.ipynb", "-p", "market", "GB", "-p", "week", LAST,
        "--log-level", "ERROR", "--no-progress-bar",
    )  # fmt: skip
    page = demo.page(LAST, "GB")
    said = visible(page)
    outputs = [
        output
        for cell in nbformat.read(demo.root / "out.ipynb", as_version=4).cells
        for output in cell.get("outputs", [])
        # a report leaves out sections that only say why there is nothing to show, and lists them as not answered
        if "data" in output and not output.metadata.get("labelqa", {}).get("unanswered")
    ]
    shown = [output.data["text/html"] for output in outputs if "text/html" in output.data]
    images = [output.data["image/png"] for output in outputs if "image/png" in output.data]
    assert len(shown) > 10
    assert len(images) > 8
    assert [html for html in shown if visible(html) not in said] == []
    assert all(image.strip() in page for image in images)


def test_the_same_snapshot_gives_the_same_bytes(demo):
    before = demo.page(LAST, "SG")
    demo.labelqa("run", "--notebook", "market_report", "--market", "SG", "--week", LAST, "--force")
    assert demo.page(LAST, "SG") == before


def test_late_audits_restate_a_week_and_the_report_says_by_how_much(demo, tmp_path):
    """A delivery of audits alone that overturns twelve passed labels of one market's last week."""
    late = tmp_path / "late"
    late.mkdir()
    snapshot = demo.root / "data" / "snapshots" / (demo.root / "data" / "snapshots" / "CURRENT").read_text().strip()
    duckdb.sql(
        f"""copy (select audit_id, annotation_id, tier, auditor_id, 'spam' as audit_label, audited_at, blind, sampling_reason,
        stratum, inclusion_probability from read_parquet('{snapshot}/audits/market=SG/week={LAST}/*.parquet')
        where tier = 1 and inclusion_probability is not null and audit_label = 'no_violation' order by audit_id limit 12)
        to '{late}/audits.csv' (header)"""
    )
    for name in ("labels", "annotations"):
        duckdb.sql(f"copy (select * from '{demo.root}/data/demo/{name}.parquet' limit 9) to '{late}/{name}.parquet'")
    (late / "incidents.yaml").write_text("[]\n")  # a part of the demo, so that it may be added to it
    demo.labelqa("ingest", str(late))
    demo.labelqa("run", "--notebook", "market_report", "--market", "SG", "--week", LAST)
    page = demo.page(LAST, "SG")
    assert "No figure of the first screen moved." not in page
    assert re.search(r"Rows of (labels, )?(annotations and )?audits were added, changed or taken away", page)
    restated = page[page.index('id="restated"') :]
    assert re.search(r"Accuracy.*?−\d+\.\d pt", restated[:4000], re.DOTALL)


def test_a_delivery_of_two_tables_reads_well_and_invents_nothing(demo, tmp_path):
    bare = House(tmp_path)
    delivery = tmp_path / "weekly"
    delivery.mkdir()
    source = demo.root / "data" / "demo"
    duckdb.sql(
        f"""copy (select annotation_id, item_id, market, label, annotated_at from '{source}/annotations.parquet'
        where market = 'SG' and annotated_at >= '2026-11-02') to '{delivery}/annotations.csv' (header)"""
    )
    duckdb.sql(f"copy (select * from '{source}/labels.parquet') to '{delivery}/labels.csv' (header)")
    bare.labelqa("ingest", "weekly")
    bare.labelqa("run", "--notebook", "market_report", "--market", "SG")
    page = bare.page(LAST, "SG")
    for heading in ("Agents", "QAs", "People and hours", "Appeals and service", "Partners and sites"):
        assert f'id="{heading.replace(" ", "-")}"' not in page, f"nothing was delivered for {heading}"
    assert "needs audits or gold; neither was delivered" in page
    headlines = bare.record(LAST, "SG")["headlines"]
    assert {one["status"] for one in headlines} == {"not measured"}
    assert {one["estimate"] for one in headlines} == {None}
