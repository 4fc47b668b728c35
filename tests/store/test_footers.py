"""What footers tell is what the engine would say of the rows; where they are silent, it is asked."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from labelqa_lib import store
from labelqa_lib.store import duck
from tests.store.test_store import write

ROWS = pd.DataFrame(
    {
        "annotation_id": ["a", "b"], "agent_id": [None, "MY1"], "site": pd.array([None, None], dtype="string"),
        "handle_seconds": [float("nan"), None], "annotated_at": pd.to_datetime(["2026-11-10 08:00:00.000001", None]),
    }
)  # fmt: skip
SEEN = ("agent_id", "site", "handle_seconds", "annotation_id", "week")


@pytest.fixture(params=[True, False], ids=["told", "silent"])
def opened(tmp_path, request):
    folder = write(tmp_path)
    for week, rows in (("2026-W45", ROWS.assign(agent_id=pd.array([None, None], dtype="string"))), ("2026-W46", ROWS)):
        path = folder / "annotations" / "market=MY" / f"week={week}" / "part-0.parquet"
        rows.to_parquet(path, write_statistics=request.param, row_group_size=1)
    return store.open_tables(tmp_path, "MY", ["2026-W45", "2026-W46"])


def test_footers_say_what_the_engine_says(opened):
    asked = replace(opened, footers=(), _kept={})
    assert len(opened.footers) == 2
    assert {name: opened.delivered(f"annotations.{name}") for name in SEEN} == {name: asked.delivered(f"annotations.{name}") for name in SEEN}
    told = [name for name in SEEN if store.all_told(opened.footers, name)]
    assert told == (["annotation_id"] if opened.footers[0].row_group(0).column(0).is_stats_set else [])
    assert opened.last_made() == asked.last_made() == ROWS["annotated_at"].max()


def test_footers_that_tell_leave_the_engine_alone(tmp_path, monkeypatch):
    write(tmp_path)
    opened = store.open_tables(tmp_path, "MY")
    monkeypatch.setattr(duck._Engine, "execute", lambda *_args, **_options: pytest.fail("the engine was asked"))
    assert opened.delivered("annotations.agent_id")


def test_tables_of_several_markets_or_of_a_cut_have_no_footers(tmp_path):
    write(tmp_path)
    assert store.open_tables(tmp_path).footers == ()
    given = store.open_tables(tmp_path, "MY")
    cut = {"annotations": given.annotations.filter(given.annotations.agent_id == "none"), "labels": given.labels}
    assert not store.tables_from(cut, given.snapshot, "MY").delivered("annotations.agent_id")
