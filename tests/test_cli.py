from __future__ import annotations

import re
import signal
import subprocess
import sys

import pytest

from labelqa_lib.cli import main


@pytest.fixture
def labelqa(tiny, monkeypatch, capfd):
    """The command line in this process, in the tiny workspace: exit code, stdout, stderr."""

    def call(*arguments):
        with pytest.raises(SystemExit) as left:
            main(arguments)
        return (left.value.code, *capfd.readouterr())

    monkeypatch.chdir(tiny.root)
    before = signal.getsignal(signal.SIGTERM)
    yield call
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def delivery(tiny):
    """A delivery of the two required tables, with a label that the label set does not know in one row of twenty-one."""
    folder = tiny.root / "weekly"
    folder.mkdir()
    (folder / "labels.csv").write_text(
        "label,policy_area,violating,critical,order\nok,none,false,false,1\nspam,spam,true,false,2\n"
    )
    rows = [f"a{n},i{n},MY,ok,2026-11-10T0{n % 10}:00:00Z" for n in range(20)]
    header = "annotation_id,item_id,market,label,annotated_at"
    (folder / "annotations.csv").write_text("\n".join([header, *rows, "a99,i99,MY,spaam,2026-11-10T09:00:00Z", ""]))
    return folder


def test_help_names_the_exit_codes_and_loads_nothing_heavy(labelqa):
    code, out, _err = labelqa("--help")
    assert code == 0
    assert "3  the delivery was refused" in out
    loaded = "import sys, labelqa_lib.cli; print({'pandas', 'duckdb', 'papermill', 'rich'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", loaded], text=True).strip() == "set()"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("run", "--market", "../../x"), "market '../../x' is not a market code"),
        (("run", "--market", "ZZ"), "market 'ZZ' is not in snapshot"),
        (("run", "--week", "2026-13"), "week '2026-13' is not an ISO week; write it like 2026-W46"),
        (("run", "--week", "2020-W01"), "week 2020-W01: no data of MY"),
        (("run", "--notebook", "nope"), "notebook 'nope' is not in"),
        (("run", "-p", "top=twelve"), "parameter 'top' must be a whole number (it is 'twelve')"),
        (("run", "-p", "tip=1"), "no parameter 'tip'; did you mean 'top'?"),
        (("run", "-p", "top"), "'top' is not written name=value"),
        (("run", "--jobs", "0"), "0 is not in the range"),
        (("run", "--data", "nowhere"), "no snapshot 'CURRENT'"),
        (("run", "--audience", "../x"), "audience '../x' is not a name"),
        (("ingest", "nowhere"), "nowhere: no such file or folder; name a delivery"),
        (("check", ".", "--source", "../x"), "source '../x' has no map in"),
        (("demo", "--scale", "2"), "params/demo.yaml: no such file"),
        (("jump",), "No such command 'jump'"),
        (("list", "stars"), "'stars' is not one of"),
    ],
)
def test_what_a_user_got_wrong_is_a_sentence_and_exit_code_2(tiny, labelqa, arguments, sentence):
    tiny.notebook("page")
    code, out, err = labelqa(*arguments)
    assert code == 2
    assert sentence in err and "Traceback" not in err
    assert out == ""
    assert not tiny.reports.exists()


def test_outside_a_workspace_it_says_so(labelqa, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _out, err = labelqa("list")
    assert code == 2
    assert "no params/workspace.yaml here or in a folder above" in err


def test_list_shows_what_there_is(tiny, labelqa):
    tiny.notebook("page")
    tiny.snapshot({"MY": ["2026-W45", "2026-W46"], "ES": ["2026-W46"]})
    assert "2: 2026-W45 to 2026-W46" in labelqa("list", "markets")[1]
    weeks = labelqa("list", "weeks")[1]
    assert weeks.index("2026-W46") < weeks.index("2026-W45") and "ES, MY" in weeks
    assert "how many" in labelqa("list", "notebooks")[1]
    assert "accuracy" in labelqa("list", "metrics")[1]


def test_list_alone_shows_a_little_of_each(tiny, labelqa):
    tiny.notebook("page")
    tiny.notebook("extra")
    tiny.snapshot({"MY": [f"2026-W{week}" for week in range(40, 47)]})
    code, out, _err = labelqa("list")
    assert code == 0
    for part in ("7: 2026-W40 to 2026-W46", "2026-W43", "… 3 more", "back to 2026-W40", "top", "fpr"):
        assert part in out
    assert "2026-W42" not in out
    assert re.search(r"page +yes", out) and re.search(r"extra +no", out)
    (tiny.root / "data" / "snapshots" / "CURRENT").unlink()
    code, out, _err = labelqa("list")
    assert code == 0 and "markets: " in out and "no snapshot 'CURRENT'" in out and re.search(r"page +yes", out)


@pytest.mark.slow
def test_run_renders_the_latest_complete_week_and_ends_with_the_index(tiny):
    tiny.snapshot({"MY": ["2026-W45", "2026-W46", "2026-W47"], "ES": ["2026-W45"]})
    tiny.notebook("page", "print(market)")
    (tiny.root / "notebooks" / "deep").mkdir()
    done = tiny.labelqa("run", LABELQA_ROOT=str(tiny.root / "notebooks" / "deep"))
    assert (done.returncode, done.stderr) == (0, "")
    skipped, rendered, count, path = done.stdout.splitlines()
    assert skipped == "ES: no data in 2026-W46, skipped"
    assert rendered.startswith("MY page: rendered in ")
    assert count == "1 of 1 pages rendered for 2026-W46"
    assert path == str(tiny.week / "index.html")


@pytest.mark.slow
def test_of_two_notebooks_one_fails_in_a_line_and_the_other_is_there(tiny):
    tiny.notebook("page", "raise ValueError('two\\nlines and \\x1b[31mred')")
    tiny.notebook("extra", "print(market)")
    done = tiny.labelqa("run", "--notebook", "extra", "--notebook", "page")
    assert (done.returncode, done.stderr) == (1, "")
    assert "MY page: FAILED: cell [3] `raise ValueError(" in done.stdout
    assert "ValueError: two lines and  [31mred\n" in done.stdout
    assert "MY extra: rendered in " in done.stdout and "1 of 2 pages rendered" in done.stdout
    html = (tiny.week / "index.html").read_text()
    assert html.index("A tiny page</th>") > html.index("Page</th>"), "params name `page`: it comes first"
    assert 'href="MY/extra.html"' in html and 'href="MY/page.html"' not in html


def test_an_error_of_our_own_is_one_sentence_and_where(labelqa, monkeypatch):
    monkeypatch.setattr("labelqa_lib.params.find_root", lambda _: 1 / 0)
    code, _out, err = labelqa("list")
    assert code == 1
    assert "Traceback" in err
    assert err.splitlines()[-1] == (
        "labelqa: stopped by an error of its own (ZeroDivisionError: division by zero); please report it"
    )


@pytest.mark.slow
def test_a_delivery_is_checked_taken_in_and_recognised(tiny, labelqa, delivery):
    for folder in (tiny.root / "data").rglob("snapshot.json"):
        folder.unlink()
    (tiny.root / "data" / "snapshots" / "CURRENT").unlink()
    code, out, err = labelqa("check", "weekly")
    assert (code, err) == (0, "")
    assert "annotations: 1 rejected" in out and "a99 (annotations.csv, line 22)" in out
    assert "Nothing speaks against it." in out
    assert not (tiny.root / "data" / "snapshots" / "CURRENT").exists()

    code, out, err = labelqa("ingest", "weekly")
    assert (code, err) == (0, "")
    assert "is the current one now: 1 market, weeks 2026-W46 to 2026-W46" in out
    assert "says the same already, no new one was made" in labelqa("ingest", "weekly")[1]
    assert "The current snapshot says the same already." in labelqa("check", "weekly")[1]


@pytest.mark.parametrize("command", ["check", "ingest"])
def test_a_refused_delivery_is_exit_code_3_and_writes_nothing(tiny, labelqa, delivery, command):
    (delivery / "annotations.csv").write_text("annotation_id,market\na1,MY\n")
    code, _out, err = labelqa(command, "weekly", "--data", "elsewhere")
    assert code == 3
    assert "labelqa: " in err and "item_id" in err and "annotated_at" in err and "Traceback" not in err
    assert not list((tiny.root / "elsewhere").rglob("*.parquet"))


def test_a_source_without_a_map_is_told_with_those_that_have_one(tiny, labelqa, delivery):
    (tiny.root / "params" / "sources").mkdir()
    (tiny.root / "params" / "sources" / "partner_a.yaml").write_text("source: partner_a\n")
    code, _out, err = labelqa("check", "weekly", "--source", "partner_b")
    assert code == 2
    assert "source 'partner_b' has no map" in err and "there are: partner_a" in err


def test_the_demo_is_simulated_once(tiny, labelqa, monkeypatch):
    simulated = []

    def simulate(parameters, target, seed, scale):
        simulated.append((parameters, seed, scale))
        target.mkdir(parents=True, exist_ok=True)
        return {"annotations": 1_000}

    monkeypatch.setattr("labelqa_lib.sources.demo.simulate", simulate)
    (tiny.root / "params" / "demo.yaml").write_text("seed: 1\n")
    code, out, err = labelqa("demo", "--scale", "0.5")
    assert (code, err) == (0, "") and "1,000" in out and "is ready" in out
    assert "holds this very demo already" in labelqa("demo", "--scale", "0.5")[1]
    assert simulated == [({"seed": 1}, None, 0.5)]
    for arguments in (["--scale", "0.5", "--force"], ["--scale", "0.5", "--seed", "2"], ["--scale", "0.4"]):
        labelqa("demo", *arguments)
    (tiny.root / "params" / "demo.yaml").write_text("seed: 3\n")
    labelqa("demo", "--scale", "0.4")
    assert [seed for _, seed, _ in simulated] == [None, None, 2, None, None]


def test_ctrl_c_in_text_that_is_executed_leaves_the_exit_code_to_us(tmp_path):
    """Every data class that is imported is such text, and CPython remembers a plain KeyboardInterrupt that came out of it (run by -m)."""
    program = """
import os, signal, sys
from labelqa_lib import cli
signal.signal(signal.SIGINT, {handler})
try:
    exec("os.kill(os.getpid(), signal.SIGINT)\\nwhile True: pass")
except KeyboardInterrupt:
    sys.exit(130)
"""
    ended = []
    for name, handler in (("ours", "cli._interrupt"), ("plain", "signal.default_int_handler")):
        (tmp_path / f"{name}.py").write_text(program.format(handler=handler))
        ended.append(subprocess.run([sys.executable, "-m", name], cwd=tmp_path, check=False, timeout=120).returncode)
    assert ended == [130, -signal.SIGINT]
