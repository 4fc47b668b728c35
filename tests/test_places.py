"""Somewhere that files can be kept, seen through fsspec."""

from __future__ import annotations

import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.places import Place


@pytest.fixture(params=["memory", "folder"])
def place(request, tmp_path):
    at = Place.at("memory://places/a" if request.param == "memory" else str(tmp_path / "a"))
    yield at
    at.store.rm(at.root, recursive=True)


def test_a_file_is_written_read_listed_and_removed(place):
    place.write("week/MY/page.html", b"one", "m")
    place.write("week/MY/page.html", b"another", "m")
    place.write("index.html", b"all", "m")
    assert place.read("week/MY/page.html") == b"another" and place.read("index.html") == b"all"
    assert list(place.below("week")) == ["week/MY/page.html"] and len(place.below("")) == 2
    before = dict(place.below("")["index.html"])
    place.remove("week/MY/page.html")
    place.remove("week/MY/page.html")
    assert list(place.below("")) == ["index.html"] and place.below("")["index.html"] == before
    with pytest.raises(FileNotFoundError):
        place.read("week/MY/page.html")


def test_what_breaks_in_between_leaves_the_old_file_and_nothing_else(place, monkeypatch):
    place.write("page.html", b"old", "m")

    def breaks(*_arguments, **_options):
        raise OSError("the network is gone")

    monkeypatch.setattr(type(place.store), "mv", breaks)
    with pytest.raises(OSError, match="network"):
        place.write("page.html", b"new", "m")
    assert place.read("page.html") == b"old" and list(place.below("")) == ["page.html"]


def test_an_address_that_nothing_opens_is_a_sentence(tmp_path):
    with pytest.raises(UsageError, match="nothing://x: cannot be opened"):
        Place.at("nothing://x")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be opened"):
        Place.at(str(tmp_path / "file"))


def test_what_a_store_raises_of_its_own_is_an_error_of_the_machine(monkeypatch, place):
    class Gone(Exception):
        pass

    def breaks(*_arguments, **_options):
        raise Gone("no route to host")

    monkeypatch.setattr(type(place.store), "cat_file", breaks)
    monkeypatch.setattr(type(place.store), "put_file", breaks)
    with pytest.raises(OSError, match=f"^{place.address}: no route to host$"):
        place.read("page.html")
    with pytest.raises(OSError, match="no route to host"):
        place.write("page.html", b"new", "m")
    assert not place.below()
