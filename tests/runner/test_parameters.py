from __future__ import annotations

import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.runner.parameters import Parameter, checked, declared

OWN = 'market: str = ""\nweek: str = ""\naudience: str = "internal"\ndata: str = ""\nsnapshot: str = ""\n'


def test_declared_reads_name_type_default_and_help_without_running(tiny):
    path = tiny.notebook(
        "page",
        parameters=OWN + 'top: int = 3  # how many = at most\nshare: float = 1\nqueues: list[str] = ["a#b"]  # which\n',
    )
    found = declared(path)
    assert list(found)[5:] == ["top", "share", "queues"]
    assert found["top"] == Parameter("top", "int", 3, "how many = at most")
    assert found["share"].default == 1
    assert found["queues"] == Parameter("queues", "list[str]", ["a#b"], "which")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("top = 3", "is not written `name: type = default  # help`"),
        ("top: int", "is not written `name: type = default  # help`"),
        ("top: str | None = None", "has a type that is none of str, int, float, bool, list[str]"),
        ("top: int = len('abc')", "has a default that is not a literal int"),
        ("top: int = True", "has a default that is not a literal int"),
        ("top: list[str] = [1]", "has a default that is not a literal list[str]"),
        ("top: int = ", "parameters cell, line 6"),
    ],
)
def test_a_line_that_is_no_parameter_is_refused_with_its_place(tiny, line, sentence):
    path = tiny.notebook("page", parameters=OWN + line + "\n")
    with pytest.raises(UsageError, match="parameters cell, line 6") as caught:
        declared(path)
    assert sentence in caught.value.problems[0]


def test_a_notebook_that_cannot_be_pinned_to_a_snapshot_is_refused(tiny):
    path = tiny.notebook("page", parameters=OWN.replace("snapshot", "snapshoot"))
    with pytest.raises(UsageError, match="does not declare 'snapshot'"):
        declared(path)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": 3}', '{"cells": []}'])
def test_a_file_that_is_no_notebook_is_refused(tiny, text):
    path = tiny.root / "notebooks" / "page.ipynb"
    path.write_text(text)
    with pytest.raises(UsageError, match="page.ipynb: "):
        declared(path)


def test_values_get_the_notebooks_types(tiny):
    path = tiny.notebook(
        "page",
        parameters=OWN + 'n: int = 0\nx: float = 0.5\non: bool = False\nwho: str = ""\nqueues: list[str] = []\n',
    )
    given = {"n": "7", "x": "1e-3", "on": "True", "who": "0123", "queues": "a, b,"}
    assert checked(path, given) == {"n": 7, "x": 0.001, "on": True, "who": "0123", "queues": ["a", "b"]}


def test_every_wrong_value_is_told_at_once(tiny):
    path = tiny.notebook("page", parameters=OWN + "top: int = 3\non: bool = False\n")
    with pytest.raises(UsageError) as caught:
        checked(path, {"top": "twelve", "on": "yes", "topp": "1", "market": "MY", "zzz": "1"})
    assert caught.value.problems == (
        "notebook page: parameter 'top' must be a whole number (it is 'twelve')",
        "notebook page: parameter 'on' must be true or false (it is 'yes')",
        "notebook page: no parameter 'topp'; did you mean 'top'?",
        "parameter 'market' is filled by the run; use --market instead of -p",
        "notebook page: no parameter 'zzz'; it has market, week, audience, data, snapshot, top, on",
    )
