"""The calibration page, rendered as a user renders it: real crowds, a market without agents, and deliveries with traps."""

from __future__ import annotations

import csv
import json
import re
from html import unescape

import pytest
from house import REPOSITORY, House

from labelqa_lib import calibration, periods, store
from labelqa_lib.findings.calibration import calibration_findings

DATA = REPOSITORY.parent / "shared" / "data"
pytestmark = pytest.mark.slow
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="the real data sets are not part of the product and not on this machine"
)


def page(house: House, week: str, market: str) -> tuple[str, list[dict]]:
    """The page's text and its findings."""
    house.labelqa("run", "--notebook", "calibration", "--market", market, "--week", week)
    folder = house.root / "reports" / "internal" / week / market
    html = (folder / "calibration.html").read_text(encoding="utf-8")
    record = json.loads((folder / "calibration.json").read_text(encoding="utf-8"))
    assert record["status"] == "rendered"
    assert not re.search(r">\s*nan\b", html, re.IGNORECASE)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split()), record["findings"]


def codes(findings: list[dict]) -> set[str]:
    return {one["code"] for one in findings}


@needs_data
def test_adult_content(tmp_path):
    house = House(tmp_path)
    house.labelqa("ingest", str(DATA / "adult_content"), "--source", "adult_content")
    text, findings = page(house, "2010-W01", "WEB")
    assert {
        "agreement:paradox",
        "trap:dominant",
        "trap:repeated",
        "people:unrelated",
        "people:constant",
        "gold:suspect",
    } <= codes(findings)
    assert "Agent A214 gave 9.3 % of all labels (8,581 of 92,721)" in text
    assert "Agents judged 2,918 items more than once, and gave 149 of them different labels" in text
    assert "A480 (always X" in text, "one of the agents who never vary"
    assert "This is the paradox of kappa" in text
    assert "Unclear SOP" not in text.split("What could not be answered?")[0].split("Gold")[0], "one site cannot tell"
    assert "needs annotations.site; not delivered" in text


@needs_data
def test_a_market_without_agents(tmp_path):
    house = House(tmp_path)
    house.labelqa("ingest", str(DATA / "multilingual_hatecheck"), "--source", "multilingual_hatecheck")
    text, findings = page(house, "2022-W05", "NL")
    assert "Whom can one believe, and who may not be looking? needs annotations.agent_id; not delivered" in text
    assert "Expected share of right labels by agent" not in text, "nobody invents agents"
    assert "86.3 % (85.5 to 87.1)" in text, "accuracy on gold, as the data set's README has it: .863"
    assert not any(code.startswith(("people:", "trap:")) for code in codes(findings))


def test_what_was_planted_in_the_demo(simulated):
    """A team lead at one site is training, an SOP that misleads both sites is the SOP, and QAs who all pass what they did
    not read are seen although none of them stands out; elsewhere none of it is said."""
    told = {}
    for market in ("MY", "MX", "ES", "SG"):
        tables = store.open_tables(simulated / "snapshots", market, periods.weeks_up_to("2026-W46", 13))
        rows, labels = calibration.overlap(tables), list(calibration.label_set(tables)["label"])
        held = calibration.sessions_held(tables, rows)
        told[market] = {
            one.code: one.sentence
            for one in calibration_findings(
                calibration.agreement(rows, labels), calibration.agreement(rows, labels, "label"),
                rows["label"].value_counts(normalize=True), calibration.traps(tables, rows), calibration.splits(tables),
                calibration.suspect_gold(calibration.gold_answers(tables)), lately=calibration.audits_lately(tables),
                session=calibration.before_after(tables, rows, labels, held),
            )
        }  # fmt: skip
    assert set(told["MY"]) == {"split:training:counterfeit:spam", "session:accuracy"}
    assert told["MY"]["split:training:counterfeit:spam"].startswith("Training at KUL: there counterfeit is labelled spam")
    assert "(MNL, closed 2026-W36)" in told["MY"]["session:accuracy"], "as the register has it"
    assert set(told["MX"]) == {"split:unclear_SOP:no_violation:suggestive"}
    assert "at every site alike" in told["MX"]["split:unclear_SOP:no_violation:suggestive"]
    assert set(told["ES"]) == {"audits:missed_error_rate"}
    assert set(told["SG"]) == {"session:accuracy"} and "no more than noise" in told["SG"]["session:accuracy"]


HEADER = ["annotation_id", "item_id", "market", "label", "annotated_at", "site", "agent_id"]


def delivery(folder, rows: list[tuple]) -> None:
    folder.mkdir()
    for name, lines in (
        ("annotations", [HEADER, *rows]),
        ("labels", [["label", "policy_area", "violating", "critical", "order"], ["ok", "a", "false", "false", 0],
                    ["spam", "a", "true", "false", 1]]),
    ):  # fmt: skip
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(lines)


def work(market: str, items: int, start: int, labels) -> list[tuple]:
    """Items of two agents each; `labels` gives both labels of an item."""
    return [
        (f"{market}{item}-{agent}", f"i{start + item}", market, label, f"2026-11-{10 + item % 5:02d}T10:{item % 60:02d}:00Z",
         "K", f"agent {(item + agent * 7) % 12}")
        for item in range(items)
        for agent, label in enumerate(labels(item))
    ]  # fmt: skip


def test_rows_that_were_delivered_under_two_markets(tmp_path):
    """Market SG holds MX's rows besides its own."""
    house = House(tmp_path)
    shared = work("MX", 60, 1000, lambda item: ("ok", "spam" if item % 5 == 0 else "ok"))
    again = [(f"SG{row[0]}", row[1], "SG", *row[3:]) for row in shared]
    rows = shared + again + work("SG", 40, 2000, lambda item: ("ok", "spam" if item % 6 == 0 else "ok"))
    delivery(house.root / "weekly", rows)
    house.labelqa("ingest", "weekly")
    text, findings = page(house, "2026-W46", "SG")
    assert "120 of 200 annotations were also delivered under MX" in text
    assert "trap:aggregated" not in codes(findings)
