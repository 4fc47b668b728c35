"""Accuracy by official language, counted by hand."""

from __future__ import annotations

import pytest

from labelqa_lib.metrics import by_official_language

from .snapshots import joined, labelled, make


def test_official_languages_stand_beside_all():
    malay = labelled("ok>ok ok>ok ok>spam spam>spam", agent_id="a", language="ms")
    thai = labelled("ok>ok ok>ok", agent_id="b", language="th")
    frame = by_official_language(make(**joined(malay, thai)), ["ms", "zh"], ["accuracy", "fnr"])
    said = {(row.metric, row.language): (row.n, row.estimate) for row in frame.itertuples()}
    assert said == {
        ("accuracy", "ms"): (4, pytest.approx(3 / 4)), ("accuracy", "all"): (6, pytest.approx(5 / 6)),
        ("fnr", "ms"): (2, pytest.approx(1 / 2)), ("fnr", "all"): (2, pytest.approx(1 / 2)),
    }  # fmt: skip


def test_without_languages_the_whole_is_stated_alone():
    frame = by_official_language(make(**labelled("ok>ok ok>spam")), ["ms"], ["accuracy"])
    assert frame["language"].tolist() == ["all"] and frame["n"].tolist() == [2]
