"""Rows in memory are told by others what the engine's are: NULL, twice the same key and the order of nothing included."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import pytest
from ibis import _

from labelqa_lib.metrics.auditor import _reaudited
from labelqa_lib.metrics.annotated import annotated, looked_at_here
from labelqa_lib.metrics.held import Held
from labelqa_lib.metrics.judged import held_judged, judged
from labelqa_lib.telling import among, either, first_of_each, first_true, only_where, sums_by, told_by, untold, with_counts, with_start

from .snapshots import whole

ROWS = {
    "key": "string", "site": "string", "n": "float64", "flag": "boolean", "at": "timestamp", "row": "string",
}  # fmt: skip
PART = {"key": "string", "site": "string", "name": "string", "told": "boolean", "size": "int64", "when": "timestamp"}


def of(schema: dict, seed: int, rows: int = 40) -> ibis.Table:
    """Random rows of few values, of which every fourth is not told, below one that tells everything."""
    random = np.random.default_rng(seed)
    columns = {}
    for name, kind in schema.items():
        values = {
            "string": random.choice(list("abcd"), rows), "float64": random.integers(1, 4, rows) / 2,
            "boolean": random.random(rows) < 0.5, "int64": random.integers(1, 9, rows),
            "timestamp": pd.Timestamp("2026-11-09") + pd.to_timedelta(random.integers(0, 3, rows), "D"),
        }[kind]  # fmt: skip
        columns[name] = pd.Series(values, dtype="object").where(random.random(rows) < 0.75, None)
        columns[name].iloc[0] = values[0]
    if "row" in columns:
        columns["row"] = [f"{place:03}" for place in range(rows)]
    return ibis.memtable(pd.DataFrame(columns).convert_dtypes(), schema=schema)


ALL, SOME = of(ROWS, 1), of(PART, 2)
EMPTY = SOME.filter(_.key == "nobody")

WORDS = {
    "first of each": lambda rows, part: first_of_each(rows, "site", ("-flag", "at", "-n", "row")),
    "first of those without a key": lambda rows, part: first_of_each(rows, "key", ("-at", "row")),
    "told": lambda rows, part: told_by(rows, part.select("key", "name", "told", "size", "when"), ["key"]),
    "told always": lambda rows, part: told_by(rows, part.select("key", "name", "size"), ["key"], always=True),
    "told by two": lambda rows, part: told_by(rows, part, ["key", "site"]),
    "told alike": lambda rows, part: told_by(rows, part, ["key"], alike=["site"]),
    "among": lambda rows, part: rows.filter(among(rows, "key", part.filter(_.told))),
    "among two": lambda rows, part: rows.filter(among(rows, "key", part.filter(_.told)) | among(rows, "site", part.filter(_.size > 6))),
    "counts": lambda rows, part: with_counts(rows, ["key", "site"], yes=_.flag, many=_.n > 0.5),
    "sums": lambda rows, part: sums_by(rows, ["key", "site", "at"], total=_.n, squares=_.n * _.n),
    "told by a time": lambda rows, part: told_by(rows, part.select("key", "size", at=_.when), ["key", "at"]),
    "either": lambda rows, part: rows.mutate(x=either(_.flag, _.n, 1 / _.n)),
    "only where": lambda rows, part: rows.mutate(x=only_where(_.site.isnull(), _.key)),
    "first true": lambda rows, part: rows.mutate(x=first_true(_.flag, _.n.notnull(), names=("yes", "known"))),
    "untold": lambda rows, part: untold(rows, ["x"], ["y"]).mutate(z=_.x.coalesce(_.site, _.key), w=_.site.fill_null("b") == "b"),
}  # fmt: skip


def frame(rows: ibis.Table | Held) -> pd.DataFrame:
    """In an order and in types that both sides share."""
    told = rows.frame(rows.columns) if isinstance(rows, Held) else rows.execute()
    told = pd.DataFrame({name: told[name].astype("object").where(told[name].notna(), None) for name in told.columns})
    return told.sort_values([*told.columns], key=lambda column: column.map(str), ignore_index=True)


@pytest.mark.parametrize("part", [SOME, EMPTY], ids=["some", "none"])
@pytest.mark.parametrize("word", WORDS)
def test_memory_says_what_the_engine_says(word, part):
    here = WORDS[word](Held.fetched(ALL), Held.fetched(part))
    there = WORDS[word](ALL, part)
    assert set(here.columns) == set(there.columns)
    pd.testing.assert_frame_equal(frame(here)[list(there.columns)], frame(there), check_dtype=False)


@pytest.mark.parametrize("left_out", [(), ("gold",), ("audits",), ("appeals",), ("gold", "audits")], ids=str)
def test_what_is_judged_in_memory_is_what_the_engine_judges(left_out):
    tables = whole("MY", **dict.fromkeys(left_out))
    pd.testing.assert_frame_equal(frame(held_judged(tables).select(*judged(tables).columns)), frame(judged(tables)), check_dtype=False)


def test_what_is_audited_twice_in_memory_is_what_the_engine_finds():
    tables = whole("MY")
    here, there = _reaudited(looked_at_here(tables), tables), _reaudited(annotated(tables), tables)
    assert len(here) > 0
    pd.testing.assert_frame_equal(frame(here.select(*there.columns)), frame(there), check_dtype=False)


@pytest.mark.parametrize("seed", range(4))
def test_a_run_begins_after_the_same_pauses(seed):
    random = np.random.default_rng(seed)
    at = pd.Timestamp("2026-11-09 20:00") + pd.to_timedelta(np.cumsum(random.choice([0, 1, 599, 600, 601, 30000], 300)), "s")
    rows = pd.DataFrame({"who": random.choice(["a", "b"], 300), "at": at, "day": at.normalize(), "row": [f"{place:03}" for place in range(300)]})
    rows = ibis.memtable(rows.sample(frac=1, random_state=seed), schema={"who": "string", "at": "timestamp", "day": "date", "row": "string"})
    here, there = (with_start(some, "start", "day", "who", "at", 600).select("row", "start") for some in (Held.fetched(rows), rows))
    here, there = frame(here), frame(there)
    assert list(pd.to_datetime(here["start"])) == list(pd.to_datetime(there["start"])) and here["start"].nunique() > 5
