from __future__ import annotations

import subprocess
import sys

import pytest


def test_help_names_the_exit_codes_and_loads_nothing_heavy(tiny):
    done = tiny.labelqa("--help")
    assert done.returncode == 0
    assert "3  the delivery was refused" in done.stdout
    heavy = "import sys, labelqa_lib.cli; print([m for m in ('pandas', 'duckdb', 'papermill', 'rich') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", heavy], text=True).strip() == "[]"


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
        (("jump",), "No such command 'jump'"),
        (("list", "stars"), "'stars' is not one of"),
    ],
)
def test_what_a_user_got_wrong_is_a_sentence_and_exit_code_2(tiny, arguments, sentence):
    tiny.notebook("page")
    done = tiny.labelqa(*arguments)
    assert done.returncode == 2
    assert sentence in done.stderr and "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not tiny.reports.exists()


def test_outside_a_workspace_it_says_so(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "labelqa_lib.cli", "list"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "no params/workspace.yaml here or in a folder above" in done.stderr


def test_list_shows_what_there_is(tiny):
    tiny.notebook("page")
    tiny.snapshot({"MY": ["2026-W45", "2026-W46"], "ES": ["2026-W46"]})
    assert "2: 2026-W45 to 2026-W46" in tiny.labelqa("list").stdout
    weeks = tiny.labelqa("list", "weeks").stdout
    assert weeks.index("2026-W46") < weeks.index("2026-W45") and "ES, MY" in weeks
    assert "how many" in tiny.labelqa("list", "notebooks").stdout
    assert "accuracy" in tiny.labelqa("list", "metrics").stdout


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
def test_a_failed_page_is_one_line_and_exit_code_1(tiny):
    tiny.notebook("page", "raise ValueError('two\\nlines and \\x1b[31mred')")
    done = tiny.labelqa("run")
    assert (done.returncode, done.stderr) == (1, "")
    assert "MY page: FAILED: cell [3] `raise ValueError(" in done.stdout
    assert "ValueError: two lines and  [31mred\n" in done.stdout
    assert "0 of 1 pages rendered" in done.stdout
