"""One market's rows summed in memory say what the engine says of them, NULL included."""

from __future__ import annotations

import ibis
import pandas as pd
import pytest
from ibis import _

from labelqa_lib.metrics import REGISTRY, measure
from labelqa_lib.metrics.cells import cells, sums
from labelqa_lib.metrics.held import Held

from .snapshots import whole

IN_MEMORY = [name for name, metric in REGISTRY.items() if metric.family in ("quality", "auditor", "agreement")]
IN_MEMORY += ["appeal_rate", "overturn_rate", "aht", "throughput", "shrinkage"]


@pytest.fixture(scope="module")
def markets():
    """The same rows as one market's, which are held, and as those of all markets, which the engine sums."""
    return whole("MY"), whole(None)


@pytest.fixture(scope="module")
def rows():
    """Weights, a flag that is not always told, and people of whom one is unknown."""
    frame = pd.DataFrame({
        "site": ["A", "B", None, "A", "B"],
        "weight": [2.0, 1.0, 3.0, 1.5, 4.0],
        "right": [True, None, False, False, True],
        "agent_id": ["x", None, "y", "x", "z"],
        "item_id": ["1", "2", "3", "4", "5"],
    })  # fmt: skip
    return ibis.memtable(frame, schema={"site": "string", "weight": "float64", "right": "boolean",
                                        "agent_id": "string", "item_id": "string"})  # fmt: skip


@pytest.mark.parametrize("name", IN_MEMORY)
@pytest.mark.parametrize("by", [[], ["week"], ["site"], ["agent_id"]], ids=str)
def test_a_market_held_in_memory_is_what_the_engine_makes_of_it(name, by, markets):
    pd.testing.assert_frame_equal(*(measure(tables, name, by) for tables in markets), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("keys", [[], ["site"], ["site", "agent_id"]], ids=str)
@pytest.mark.parametrize("hit", [_.right, ~_.right, _.site == "A", _.site != "A"], ids=str)
@pytest.mark.parametrize("counted", [True, _.right, _.weight > 1.2], ids=str)
def test_sums_treat_null_as_the_engine_does(keys, hit, counted, rows):
    held = Held.fetched(rows)
    here, there = (cells(some, keys, hit, counted, cluster=("agent_id", "item_id")) for some in (held, rows))
    pd.testing.assert_frame_equal(here.frame(), there.frame().astype({"n": "int64"}))


@pytest.mark.parametrize("keys", [[], ["site"]], ids=str)
def test_sums_of_columns_are_the_engines_where_nothing_is_told_too(keys, rows):
    rows = rows.mutate(known=ibis.cases((_.site == "A", ibis.null("float64")), else_=_.weight))
    here, there = (sums(some, keys, ("weight", "known"), cluster="agent_id") for some in (Held.fetched(rows), rows))
    pd.testing.assert_frame_equal(here.frame(), there.frame())


@pytest.mark.parametrize("verb", [
    lambda rows: rows.filter(_.right, _.weight > 1).select("site", "weight", "item_id"),
    lambda rows: rows.filter(~_.right).mutate(weight=_.weight * 2, site=_.agent_id).select("site", "weight", "item_id"),
    lambda rows: rows.filter(_.site == "A").union(rows.filter(_.site == "B")).select("site", "weight", "item_id"),
    lambda rows: rows.filter(_.weight > 2).filter(_.site.notnull()).select("site", "weight", "item_id"),
    lambda rows: rows.union(rows).distinct().select("site", "weight", "item_id"),
])  # fmt: skip
def test_verbs_do_what_the_engine_does(verb, rows):
    here, there = (cells(verb(some), ["site", "item_id"], _.weight > 2, cluster=("item_id",))
                   for some in (Held.fetched(rows), rows))  # fmt: skip
    pd.testing.assert_frame_equal(here.frame(), there.frame().astype({"n": "int64"}))


def test_what_was_held_is_not_modified(rows):
    held = Held.fetched(rows)
    before = held.frame(held.columns)
    held.filter(_.weight > 1).mutate(weight=0.0).cells(["site"], True, True, ("item_id",))
    pd.testing.assert_frame_equal(held.frame(held.columns), before)


@pytest.mark.parametrize("by", [["market", "week"], ["policy_area"], ["queue"], ["agent_id"], ["auditor_id"]], ids=str)
def test_all_markets_join_no_more_than_a_question_needs_and_say_what_each_says_alone(by, markets):
    one, every = markets
    for name in ("accuracy", "ata_accuracy", "aht"):
        if set(by) <= set(REGISTRY[name].dimensions):
            alone, among = (measure(tables, name, by) for tables in (one, every))
            pd.testing.assert_frame_equal(alone, among, rtol=1e-12)


@pytest.mark.parametrize("keys", [[], ["site"], ["site", "agent_id"]], ids=str)
def test_what_is_added_up_leaves_out_what_is_not_told(keys, rows):
    rows = rows.mutate(known=ibis.cases((_.site == "A", ibis.null("float64")), else_=_.weight), one=ibis.literal(1, "int64"))
    here = Held.fetched(rows).added(keys, ["known", "one"])
    there = rows.aggregate(by=keys, known=_.known.sum().fill_null(0.0), one=_.one.sum())
    there = (there.order_by(keys) if keys else there).execute()
    pd.testing.assert_frame_equal(here.frame(), there)
