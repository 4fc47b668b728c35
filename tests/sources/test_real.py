"""The three real data sets through their maps and intake: the figures of their README come out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from labelqa_lib import intake
from labelqa_lib.params import load_yaml
from labelqa_lib.sources import read_delivery

HERE = Path(__file__).resolve().parents[2]
DATA = HERE.parent / "shared" / "data"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real data sets are not beside this workspace (../shared/data)"),
]
JUDGED = """SELECT {columns} FROM '{root}/{id}/annotations/*/*/*.parquet' a
JOIN '{root}/{id}/gold.parquet' g USING (item_id) {more}"""


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory):
    """A data set's outcome and a function that queries its snapshot; each is ingested once."""
    outcomes = {}

    def of(name: str):
        root = tmp_path_factory.getbasetemp() / name
        if name not in outcomes:
            with intake.workbench() as connection:
                source_map = load_yaml(HERE / "params" / "sources" / f"{name}.yaml")
                outcomes[name] = intake.ingest(
                    read_delivery(DATA / name, source_map, connection),
                    connection,
                    root=root,
                    markets={},
                    default_time_zone="UTC",
                    reject_limit=0,
                    now=datetime(2026, 1, 1, tzinfo=UTC),
                )

        def query(text: str, **words) -> list[tuple]:
            with duckdb.connect() as connection:
                return connection.sql(text.format(root=root, id=outcomes[name].snapshot, **words)).fetchall()

        return outcomes[name], query

    return of


def agreement(query, by: str) -> dict[str, float]:
    columns = f"{by}, round(avg(CAST(label = gold_label AS INT)), 3)"
    return dict(query(JUDGED, columns=columns, more="GROUP BY ALL"))


def test_hatecheck_agrees_with_gold_as_published(taken_in):
    outcome, query = taken_in("multilingual_hatecheck")
    assert agreement(query, "market") == {"NL": 0.863, "DE": 0.890, "HI": 0.924, "PT": 0.931, "ES": 0.942}
    told = outcome.table("annotations")
    assert (told.delivered, told.accepted, told.rejected) == (55_233, 55_233, 0)
    assert "agent_id" in told.absent and "audits" in outcome.missing


def test_hatecheck_worst_cell_is_dutch_slurs(taken_in):
    _, query = taken_in("multilingual_hatecheck")
    cells = query(
        """SELECT a.market, i.queue, round(avg(CAST(label = gold_label AS INT)), 3)
        FROM '{root}/{id}/annotations/*/*/*.parquet' a JOIN '{root}/{id}/gold.parquet' g USING (item_id)
        JOIN '{root}/{id}/items.parquet' i USING (item_id) GROUP BY ALL ORDER BY 3 LIMIT 1"""
    )
    assert cells == [("NL", "slur_h", 0.435)]


def test_hatecheck_majority_differs_from_gold_as_published(taken_in):
    _, query = taken_in("multilingual_hatecheck")
    majority = query(
        """SELECT market, round(100 * avg(CAST(majority <> gold_label AS INT)), 1) FROM (
            SELECT a.market, item_id, mode(label) AS majority FROM '{root}/{id}/annotations/*/*/*.parquet' a
            GROUP BY ALL
        ) JOIN '{root}/{id}/gold.parquet' USING (item_id) GROUP BY ALL"""
    )
    assert dict(majority) == {"DE": 4.2, "NL": 9.6, "HI": 4.9, "PT": 4.1, "ES": 2.4}


def test_hatecheck_lies_in_one_week_but_for_the_last_portuguese_day(taken_in):
    """442 Portuguese judgements carry Monday 7 February 2022, the first day of the next week."""
    _, query = taken_in("multilingual_hatecheck")
    weeks = query("SELECT market, week, count(*) FROM '{root}/{id}/annotations/*/*/*.parquet' GROUP BY ALL")
    assert {(market, week) for market, week, _ in weeks} == {
        *((market, "2022-W05") for market in ("DE", "ES", "HI", "NL", "PT")),
        ("PT", "2022-W06"),
    }
    assert ("PT", "2022-W06", 442) in weeks


def test_zencrowd_accuracy_by_market(taken_in):
    _, query = taken_in("zencrowd")
    assert agreement(query, "market") == {"IN": 0.678, "US": 0.785}
    counts = query(
        """SELECT count(*), count(DISTINCT item_id), count(DISTINCT agent_id), count(handle_seconds)
        FROM '{root}/{id}/annotations/*/*/*.parquet'"""
    )
    assert counts == [(22_120, 2_040, 80, 22_120)]


def test_adult_content_counts(taken_in):
    outcome, query = taken_in("adult_content")
    annotations = "'{root}/{id}/annotations/*/*/*.parquet'"
    assert query(f"SELECT count(*), count(DISTINCT item_id), count(DISTINCT agent_id) FROM {annotations}") == [
        (92_721, 11_040, 825)
    ]
    gold = query(
        f"""SELECT count(*), count(*) FILTER (item_id IN (SELECT item_id FROM {annotations}))
        FROM '{{root}}/{{id}}/gold.parquet'"""
    )
    assert gold == [(1_517, 333)]
    repeated = query(
        f"""SELECT count(*), count(*) FILTER (labels > 1) FROM (
            SELECT agent_id, item_id, count(DISTINCT label) AS labels FROM {annotations}
            GROUP BY ALL HAVING count(*) > 1)"""
    )
    assert repeated == [(2_918, 149)]
    assert outcome.table("annotations").rejected == 0
