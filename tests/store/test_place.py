"""Addresses of snapshots: what is meant, what is refused, and that a password is told to nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelqa_lib import store
from labelqa_lib.errors import UsageError
from labelqa_lib.store import SparkFolder, Database


@pytest.mark.parametrize(
    ("text", "meant", "said"),
    [
        ("data/mine", Path("/w/data/mine"), "/w/data/mine"),
        ("/data", Path("/data"), "/data"),
        ("postgres://ann@db.example:5433/qa", Database("qa", "ann", "db.example", 5433), None),
        ("postgresql://db/qa", Database("qa", "", "db"), "postgres://db/qa"),
        ("postgres:///qa", Database("qa"), None),
        ("postgres://[::1]:5433/qa", Database("qa", "", "::1", 5433), None),
        ("postgres://a%40b@db/q%2Fa", Database("q/a", "a@b", "db"), None),
        ("postgres:///qa?host=/run/pg", Database("qa", settings=(("host", "/run/pg"),)), "postgres:///qa?host=%2Frun%2Fpg"),
        ("spark://local/srv/snapshots", SparkFolder("local", None, Path("/srv/snapshots")), None),
        ("spark://head:7078/srv/s%20s", SparkFolder("head", 7078, Path("/srv/s s")), None),
        ("spark://head/s?spark.executor.memory=4g", SparkFolder("head", 7077, Path("/s"), (("spark.executor.memory", "4g"),)), "spark://head:7077/s?spark.executor.memory=4g"),
    ],
)  # fmt: skip
def test_an_address_is_read_and_said_again(text, meant, said):
    place = store.place_of(text, Path("/w"))
    assert place == meant
    assert str(place) == (said or text)
    assert store.place_of(str(place), Path("/w")) == place


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("mysql://db/qa", "mysql:// is no place"),
        ("s3://bucket/snapshots", "s3:// is no place"),
        ("postgres://db", "names no database"),
        ("postgres://db/qa/more", "names no database, or more than one"),
        ("postgres://db:x/qa", "no number"),
        ("postgres://db:99999/qa", "no number"),
        ("postgres://db/qa?sslmod=require", "'sslmod' is no setting of a postgres:// address; there are host, port, sslmode"),
        ("spark://local", "spark://HOST:PORT/FOLDER"),
        ("spark:///srv", "spark://HOST:PORT/FOLDER"),
        ("spark://head/srv?memory=4g", "'memory' is no setting of a spark:// address"),
    ],
)
def test_what_is_no_address_is_a_sentence(text, named):
    with pytest.raises(UsageError) as caught:
        store.place_of(text, Path("/w"))
    assert named in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "postgres://ann:SECRET@db/qa",
        "postgres://ann:SECRET@db:5433/qa?sslmode=require",
        "postgres://ann:SECRET/x@db/qa",
        "postgres://ann:1/SECRET@db/qa",
        "postgres://ann:SECRET#x@db/qa",
        "postgres://ann:SECRET?x@db/qa",
        "postgres:///qa?password=SECRET",
        "postgres:///qa?user=ann&password=SECRET",
        "mysql://ann:SECRET@db/qa",
    ],
)
def test_a_password_is_refused_and_not_repeated(text):
    with pytest.raises(UsageError) as caught:
        store.place_of(text, Path("/w"))
    assert "SECRET" not in str(caught.value)
    assert "SECRET" not in str(caught.value.__cause__)


@pytest.mark.parametrize(
    ("text", "rest", "password"),
    [
        ("postgres://ann:s%40cret@db:5433/qa?sslmode=require", "postgres://ann@db:5433/qa?sslmode=require", "s@cret"),
        ("postgres://ann:@db/qa", "postgres://ann@db/qa", ""),
        ("postgres://ann@db/qa", "postgres://ann@db/qa", None),
        ("data/mine", "data/mine", None),
    ],
)
def test_a_password_is_taken_out_of_an_address(text, rest, password):
    assert store.without_password(text) == (rest, password)
