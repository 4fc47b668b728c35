"""`labelqa actions` as a user runs it: exit codes, sentences, what a report recommends taken over, spreadsheets kept safe."""

from __future__ import annotations

import csv
import io
import json
import shutil
import signal

import pytest

from labelqa_lib.cli import main

CODE = "move:accuracy:site=KUL"


@pytest.fixture
def labelqa(tiny, monkeypatch, capfd):
    """The command line in a workspace without any snapshot, and with a report that found something."""
    shutil.rmtree(tiny.root / "data")
    for week, gap in (("2026-W45", 0.01), ("2026-W46", 0.03)):
        folder = tiny.reports / "internal" / week / "MY"
        folder.mkdir(parents=True)
        found = {"code": CODE, "gap": gap, "segment": {"site": "KUL"}, "recommendation": {"action": "Retrain site KUL"}}
        (folder / "market_report.findings.json").write_text(json.dumps({"findings": [found]}))

    def call(*arguments):
        with pytest.raises(SystemExit) as left:
            main(("actions", *arguments))
        return (left.value.code, *capfd.readouterr())

    monkeypatch.chdir(tiny.root)
    before = signal.getsignal(signal.SIGTERM)
    yield call
    signal.signal(signal.SIGTERM, before)


OPEN = ("open", "--market", "MY", "--owner", "Ana", "--on", "2026-11-16")


def rows(labelqa, *arguments):
    return list(csv.DictReader(io.StringIO(labelqa("list", "--csv", *arguments)[1])))


def test_an_action_is_opened_listed_and_closed(labelqa, tiny):
    assert labelqa(*OPEN, "--finding", CODE) == (0, "MY-A001 opened: Retrain site KUL (Ana, due 2026-12-14)\n", "")
    assert labelqa(*OPEN, "--finding", "target:fpr", "--action", "=cmd()", "--due", "2026-11-20", "--gain", "0.5")[0] == 0
    first, second = rows(labelqa)[::-1]
    assert (first["site"], first["expected_gain"], first["status"]) == ("KUL", "0.03", "open"), "of the latest report"
    assert (second["action_id"], second["action"], second["expected_gain"]) == ("MY-A002", "'=cmd()", "0.5")
    code, told, _ = labelqa("list", "--market", "MY")
    assert code == 0 and "Retrain site KUL" in told and "=cmd()" in told
    assert labelqa("close", "MY-A001", "--on", "2026-11-30") == (0, "MY-A001 closed on 2026-11-30: done\n", "")
    assert [row["action_id"] for row in rows(labelqa)] == ["MY-A002"]
    closed = rows(labelqa, "--all")[-1]
    assert (closed["status"], closed["closed_on"]) == ("done", "2026-11-30")
    assert labelqa("close", "MY-A002", "--dropped", "--on", "2026-11-30")[1].endswith("dropped\n")
    assert rows(labelqa, "--market", "ES", "--all") == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("close", "MY-A009"), "action 'MY-A009' is not in the register"),
        (("close", "MY-A001", "--on", "2026-11-01"), "lies before the day on which MY-A001 was opened, 2026-11-16"),
        ((*OPEN, "--finding", "target:fpr"), "no report of MY recommends anything for it; say what to do with --action"),
        ((*OPEN, "--finding", CODE, "--due", "2026-11-01"), "--due 2026-11-01: lies before the day"),
        ((*OPEN, "--finding", CODE, "--due", "soon"), "'soon' is no day; write it as 2026-11-30"),
        (("open", "--market", "../x", "--owner", "Ana", "--finding", CODE), "market '../x'"),
        (("open", "--market", "MY", "--finding", CODE), "--owner"),
        ((*OPEN, "--finding", CODE, "--owner", " "), "action MY-A002: owner is empty"),
        ((*OPEN, "--finding", "", "--action", "b"), "action MY-A002: finding_code is empty"),
        ((*OPEN, "--finding", CODE, "--gain", "nan"), "action MY-A002: expected_gain 'nan' is no number"),
        ((*OPEN, "--finding", CODE, "--on", "9999-12-20"), "--on 9999-12-20: no calendar goes on for 4 weeks from there"),
        ((*OPEN, "--finding", CODE, "--on", "0001-01-01"), "opened_on '0001-01-01' is no day"),
    ],
)  # fmt: skip
def test_bad_input_is_a_sentence_and_exit_code_2(labelqa, tiny, arguments, says):
    labelqa(*OPEN, "--finding", CODE)
    before = (tiny.root / "actions.csv").read_bytes()
    code, _, error = labelqa(*arguments)
    assert code == 2 and says in error
    assert (tiny.root / "actions.csv").read_bytes() == before


def test_nothing_is_closed_twice(labelqa):
    labelqa(*OPEN, "--finding", CODE)
    labelqa("close", "MY-A001", "--on", "2026-11-30")
    code, _, error = labelqa("close", "MY-A001")
    assert code == 2 and "was closed on 2026-11-30 already (done)" in error


@pytest.mark.parametrize("command", [("list",), (*OPEN, "--finding", CODE), ("close", "MY-A001")])
def test_a_place_that_was_named_and_is_not_there_is_said(labelqa, tiny, command):
    """Without the delivery's actions the list is not all of it, and the next number may be one of theirs."""
    labelqa(*OPEN, "--finding", CODE)
    before = (tiny.root / "actions.csv").read_bytes()
    code, out, error = labelqa(*command, "--data", "typo")
    assert code == 2 and not out and "typo: no snapshot 'CURRENT'" in error
    assert (tiny.root / "actions.csv").read_bytes() == before


@pytest.mark.parametrize("current", ["20260101T000000Z-00000000", None])
def test_a_snapshot_that_cannot_be_read_is_said(labelqa, tiny, current):
    tiny.snapshot({"MY": ["2026-W46"]})  # its files are gone
    if current:
        (tiny.root / "data" / "snapshots" / "CURRENT").write_text(current)
    code, out, error = labelqa("list")
    assert code == 2 and not out and ("files of table" in error if current is None else f"no snapshot '{current}'" in error)
