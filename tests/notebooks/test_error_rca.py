"""Why did quality drop? Every incident planted in the demo is named by the page, with its kind; two pages are rendered."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest
from house import REPOSITORY, House

import labelqa_lib as lq
from labelqa_lib import store
from labelqa_lib.periods import weeks_up_to
from labelqa_lib.translation import say

pytestmark = pytest.mark.slow

DATA = REPOSITORY.parent / "shared" / "data"
LAST = "2026-W46"
NO_CAUSE = "No rate cause: the change is within noise."


def first_screen(folder: Path, market: str, week: str) -> list[str]:
    """What the page says of a week, by the rooms that its notebook calls."""
    tables = store.open_tables(folder, market, weeks_up_to(week, 13))
    audited = lq.pooled(store.fetch(lq.audited_rows(tables)), 30)
    found = lq.week_causes(audited, week)
    evidence = lq.evidence(tables, audited, found)
    change, mix, corrected = lq.accuracy_change(tables), lq.mix_by_dimension(tables), lq.corrected(tables)
    level = lq.levels([], lq.persistence(audited, []))
    moves = [lq.compare_segments(tables, "aht", [(), "site", "queue"]),
             lq.compare_segments(tables, "sla_attainment", [(), "queue"]),
             lq.compare_segments(tables, "overturn_rate", [(), "policy_area"])]  # fmt: skip
    told = [one.sentence for one in lq.why(change, mix, found, evidence, corrected, level)]
    return [*told, *lq.also_moved(moves)["answer"]]


def rendered(house: House, market: str, week: str) -> tuple[str, list[str]]:
    """The page's visible text, and the findings of its first screen."""
    folder = house.root / "reports" / "internal" / week / market
    html = (folder / "error_rca.html").read_text(encoding="utf-8")
    findings = json.loads((folder / "error_rca.json").read_text(encoding="utf-8"))["findings"]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split()), [one["sentence"] for one in findings]


# what the page has to say beside the names of the planted segment
KINDS = {
    "SG-COMMENTS-BACKLOG": "SLA attainment",
    "ES-LENIENT-QA": "Audits flatter",
    "MX-SOP-ADULT": "SOP adult-8",
    "TW-OVERTURNS": "Overturn rate",
    "GB-SLOW-TOOL": "Average handle time",
    "GB-SOP-SAFETY": "SOP safety-6",
    "MY-ADS-SLA": "SLA attainment",
}
RENDERED = {"MY-COUNTERFEIT", "TW-MIX"}


def test_every_planted_incident_is_looked_for(demo_house):
    assert set(demo_house.incidents()) == set(KINDS) | RENDERED


@pytest.mark.parametrize("code", KINDS)
def test_the_page_names_a_planted_incident_and_its_kind(demo_house, code):
    incident = demo_house.incidents()[code]
    week = LAST if LAST in incident["weeks"] else min(incident["weeks"])
    sentences = first_screen(demo_house.root / "data" / "snapshots", incident["market"], week)
    named = [one for one in sentences if KINDS[code] in one and all(name in one for name in incident["segment"].values())]
    assert named, f"{incident['planted']}\nsaid instead:\n" + "\n".join(sentences)
    if incident["metric"] != "accuracy":
        assert "segment has" not in sentences[0], "nobody's error rate rose, and nobody is blamed"


def test_two_pages_read_from_verdict_to_examples(demo_house):
    for market in ("MY", "TW"):
        demo_house.labelqa("run", "--notebook", "error_rca", "--market", market, "--week", LAST)
    page, said = rendered(demo_house, "MY", LAST)
    planted = demo_house.incidents()["MY-COUNTERFEIT"]["segment"]
    assert all(name in said[1] for name in planted.values())
    assert "counterfeit taken for spam" in said[1]
    assert "Since Monday 9 November" in page
    assert page.count("demo/0") >= 20, "twenty items to look at, with where their content lies"
    assert not re.search(r"\bnan\b", page, re.IGNORECASE)
    page, said = rendered(demo_house, "TW", LAST)
    with demo_house.speaking("TW"):
        assert say("within noise: nobody got worse") in said[0]
        assert demo_house.incidents()["TW-MIX"]["segment"]["queue"] in said[0]
        for section in ("What kind?", "Examples"):
            assert say(section) not in page, "there is no cause, so there is nothing to say of its kind"


@pytest.mark.skipif(not DATA.is_dir(), reason="the real data sets are not part of the product and not on this machine")
def test_one_week_without_audits_names_the_functionality_that_fails(tmp_path):
    house = House(tmp_path)
    house.labelqa("ingest", str(DATA / "multilingual_hatecheck"), "--source", "multilingual_hatecheck")
    house.labelqa("run", "--notebook", "error_rca", "--market", "NL", "--week", "2022-W05")
    page, said = rendered(house, "NL", "2022-W05")
    assert "cannot be compared with earlier weeks" in said[0]
    assert "queue slur_h" in said[1], "Dutch slurs: accuracy .435 in the paper's data"
    assert "What kind?" not in page
