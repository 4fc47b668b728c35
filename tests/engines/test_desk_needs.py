"""What the desk asks of an engine: a long question is stopped with a sentence and the next one answered; weeks are cut out of more."""

from __future__ import annotations

import threading
import time

import pandas as pd
import pytest
from ibis import _

from labelqa_lib import metrics, store
from labelqa_lib.errors import DataError

pytestmark = pytest.mark.slow
PATIENCE = 60


@pytest.fixture(params=["folder", "database", "spark"])
def place(request, snapshots):
    """Each of the places that snapshots are read from."""
    return snapshots if request.param == "folder" else request.getfixturevalue(request.param)


def test_a_long_question_is_stopped_and_the_next_is_answered(place):
    tables = store.open_tables(place, "MY")
    rows = tables.annotations.select(of="annotation_id")
    one, two, three = (rows.select(**{name: "of"}) for name in ("one", "two", "three"))
    endless = one.cross_join(two).cross_join(three).aggregate(n=(_.one + _.two + _.three).length().sum())
    told, done = [], threading.Event()

    def ask():
        try:
            told.append(store.fetch(endless))
        except DataError as error:
            told.append(error)
        done.set()

    before = int(store.fetch(tables.annotations.count().as_table()).iloc[0, 0])
    waiting = threading.Thread(target=ask, daemon=True)
    waiting.start()
    assert not done.wait(0.5), "it would take hours"
    until = time.monotonic() + PATIENCE
    while not done.wait(0.2) and time.monotonic() < until:
        tables.progress()
        tables.interrupt()  # again and again, as the desk does: between two statements nothing is there to be stopped
    (error,) = told
    assert isinstance(error, DataError) and str(error) == "the question was stopped before the engine had answered it"
    assert int(store.fetch(tables.annotations.count().as_table()).iloc[0, 0]) == before


def test_weeks_cut_out_of_more_say_what_those_weeks_say(place, snapshots):
    known = store.describe(snapshots).weeks("MY")
    cut = metrics.within(store.open_tables(place, "MY"), known[-6:-2])
    alone = store.open_tables(snapshots, "MY", known[-6:-2])
    for metric in ("accuracy", "aht"):
        pd.testing.assert_frame_equal(metrics.measure(cut, metric, ["site"]), metrics.measure(alone, metric, ["site"]), rtol=1e-9)
    rows, total = metrics.behind(cut, "accuracy", alone.weeks[-1:], {})
    same, as_many = metrics.behind(alone, "accuracy", alone.weeks[-1:], {})
    assert total == as_many and rows["annotation_id"].tolist() == same["annotation_id"].tolist()
    assert rows["audit_label"].tolist() == same["audit_label"].tolist()
