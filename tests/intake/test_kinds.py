"""Whether the engine holds texts or kinds is seen in no file, no reject and no word."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from labelqa_lib.intake import kinds
from labelqa_lib.intake.schema import contract
from labelqa_lib.sources import quoting

from .deliveries import NOW, annotation, audit, ingest, write

ODD = ["Zoë's", "a\x00b", "a\x00", "a", "漢字", "x" * 40, "=1+1", None]
"""What quoting, sorting and C might get wrong."""


@pytest.fixture(scope="module")
def delivery(tmp_path_factory):
    """Annotations of two markets and two weeks, with rows that break rules, come twice and contradict each other; as Parquet."""
    folder = tmp_path_factory.mktemp("kinds") / "d"
    rows = [
        annotation(n * 7 % 200, market="MX" if n % 3 else "MY", annotated_at=f"2026-11-{3 + n % 2 * 7:02}T08:00:00Z",
                   label="spam" if n % 5 else "ok", site=ODD[n % len(ODD)], language="en" if n % 7 else None, queue=["", "'q", "q"][n % 3], partner=None)
        for n in range(200)
    ]  # fmt: skip
    rows += [rows[0], rows[1] | {"label": "ok", "queue": "q"}, rows[2] | {"annotation_id": "b1", "market": "../MY"}]
    rows += [rows[3] | {"annotation_id": "b2", "label": "junk"}, rows[4] | {"annotation_id": "b3", "label": None}]
    items = [{"item_id": row["item_id"], "market": "MY", "queue": row["site"]} for row in rows[:200]]
    write(folder, audits=[audit(n, comment=f"the {n}th", sampling_reason="risk") for n in range(0, 200, 9)])
    for table, there in (("annotations", rows), ("items", items)):
        parquet.write_table(pa.Table.from_pylist(there), folder / f"{table}.parquet")
    return folder


def taken(delivery, root, worth, monkeypatch, **changes):
    """What is told, and every file's bytes."""
    monkeypatch.setattr("labelqa_lib.intake.examining.WORTH", worth)
    told = ingest(delivery, root, **changes)
    return told, {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*.*")) if path.is_file()}


@pytest.mark.parametrize("many", [1 << 16, 5])
def test_kinds_and_texts_make_the_same_files(delivery, many, tmp_path, monkeypatch):
    monkeypatch.setattr(kinds, "MANY", many)
    made, few = [], kinds.few_kinds
    monkeypatch.setattr("labelqa_lib.intake.examining.few_kinds", lambda *asked: made.append(few(*asked)) or made[-1])
    texts = taken(delivery, tmp_path / "texts", 10**9, monkeypatch)
    assert made == []
    by_kinds = taken(delivery, tmp_path / "kinds", 1, monkeypatch)
    assert by_kinds == texts
    assert by_kinds[0].table("annotations").rejected == 5 and by_kinds[0].table("annotations").duplicates == 1
    assert [set(one) for one in made if "label" in one] == [{"market", "label", "agent_id", "language"} | ({"site"} if many > 5 else set())]
    assert not any("comment" in one or "partner" in one for one in made), "not what may be anything, nor what nobody tells"
    assert [set(one) for one in made if "model_label" in one or "queue" in one] == ([{"market", "queue"}] if many > 5 else []), "nor a queue to be cleaned"


def test_what_is_stored_is_compared_as_texts(delivery, tmp_path, monkeypatch):
    changed = [annotation(28, market="MX", annotated_at="2026-11-10T08:00:00Z", queue="q"), annotation(300)]
    items = [{"item_id": f"i{n}", "market": "MY"} for n in (28, 300)]
    found = []
    for worth in (10**9, 1):
        root = tmp_path / str(worth)
        taken(delivery, root, worth, monkeypatch)
        found.append(taken(write(tmp_path / f"d{worth}", annotations=changed, items=items), root, worth, monkeypatch))
    assert found[0] == found[1]
    told = found[0][0].table("annotations")
    assert (told.accepted, told.restated) == (2, 1)


@pytest.mark.parametrize(("many", "few"), [(9, ["market"]), (5, [])])
def test_a_column_of_many_texts_stays_as_it_is(many, few, monkeypatch):
    monkeypatch.setattr(kinds, "MANY", many)
    connection = duckdb.connect()
    connection.execute(
        """CREATE TABLE t AS SELECT 'a' || n AS annotation_id, 'i' || n AS item_id, 'm' || n % 8 AS market, 'l' || n % 9 AS label,
        NULL::VARCHAR AS queue, n AS partner FROM range(100) t(n)"""
    )
    native = {name: kind for name, kind, *_ in connection.execute("DESCRIBE t").fetchall()}
    made = kinds.few_kinds("annotations", contract(NOW)["annotations"], native, {"agent_id"}, "t", connection)
    assert made == {name: quoting.name(f"{name} of annotations") for name in few}
    if few:
        ((texts,),) = connection.execute(f"SELECT enum_range(NULL::{made['market']})").fetchall()
        assert texts == [f"m{n}" for n in range(8)]


def test_rows_are_packed_with_the_kinds_that_they_hold():
    whole = pa.array(["DE", "ES", "MX", "MY"])
    parts = [pa.DictionaryArray.from_arrays(pa.array(places, pa.uint8()), whole) for places in ([3, None, 1], [1, 3, 2])]
    rows = pa.table({"market": pa.chunked_array(parts), "comment": list("abcdef")})
    packed = kinds.packed(rows)
    assert packed.column("market").chunk(0).dictionary.to_pylist() == ["MY", "ES", "MX"]
    assert packed.to_pylist() == rows.to_pylist()
    as_texts = rows.set_column(0, "market", rows.column("market").cast(pa.string()))
    assert kinds.packed(as_texts).equals(packed)
