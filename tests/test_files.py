"""Files are whole or not at all, one writer at a time, and their text starts no formula."""

from __future__ import annotations

import os
import threading

import pytest

from labelqa_lib import files
from labelqa_lib.errors import UsageError


@pytest.mark.parametrize("text", ["=cmd", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "'=1"])
def test_formula_starts_are_defused_and_found_again(text):
    assert files.inert(text) == f"'{text}" and files.bare(files.inert(text)) == text


@pytest.mark.parametrize("value", ["KUL", "a-b", "", "'quoted'", None, -1.5, 3])
def test_other_values_stay(value):
    assert files.inert(value) is value
    assert not isinstance(value, str) or files.bare(value) == value


def test_a_file_is_the_old_one_where_the_new_one_fails(tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    files.write_whole(path, "old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        files.write_whole(path, "new")
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("page.html", "old")]


def test_a_second_writer_waits_and_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 0.05)
    path, seen = tmp_path / "answers.csv", []

    def other():
        try:
            with files.sole_writer(path):
                seen.append("wrote")
        except UsageError as error:
            seen.append(str(error))

    with files.sole_writer(path):
        beside = threading.Thread(target=other)
        beside.start()
        beside.join()
    with files.sole_writer(path):
        seen.append("free again")
    assert len(seen) == 2 and "somebody else is writing it" in seen[0]
