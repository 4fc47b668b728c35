"""Trees copied to folders and object stores, also by copies that break off."""

from __future__ import annotations

import json
from pathlib import Path

import fsspec
import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.sharing import publish


@pytest.fixture
def tree(tmp_path) -> Path:
    """Two weeks of a partner's pages, and files that are not for it."""
    top = tmp_path / "reports" / "nord"
    for name in ("index.html", "2026-W45/index.html", "2026-W45/MY/market_report.html", "2026-W46/index.html",
                 "2026-W46/MY/market_report.html", "2026-W46/MY/market_report.json", "2026-W46/MY/market_report.xlsx",
                 ".index.lock", "2026-W46/MY/.market_report.html.7.tmp", "2026-W46/MY/market_report.failed.ipynb"):  # fmt: skip
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}, first")
    return top


@pytest.fixture(params=["folder", "file://", "memory://"])
def destination(request, tmp_path) -> str:
    """A place of each kind."""
    if request.param == "memory://":
        fsspec.filesystem("memory").store.clear()
        return "memory://bucket/labelqa"
    return f"{'file://' if request.param == 'file://' else ''}{tmp_path / 'shared'}"


def held(destination: str) -> dict[str, str]:
    store, root = fsspec.url_to_fs(destination)
    names = store.find(root)
    return {name.removeprefix(root).lstrip("/"): store.cat_file(name).decode() for name in names}


def test_what_is_for_others_is_copied_and_nothing_else(tree, destination):
    done = publish(tree, "nord", destination)
    assert (done.written, done.unchanged, done.removed) == (7, 0, 0)
    assert done.index == f"{destination}/index.html"
    there = held(destination)
    manifest = json.loads(there.pop("labelqa-published.json"))
    assert set(there) == set(manifest["files"]) == {
        "index.html", "2026-W45/index.html", "2026-W45/MY/market_report.html", "2026-W46/index.html",
        "2026-W46/MY/market_report.html", "2026-W46/MY/market_report.json", "2026-W46/MY/market_report.xlsx",
    }  # fmt: skip
    assert there["2026-W46/index.html"] == "2026-W46/index.html, first"


def test_only_what_changed_is_copied_again_and_what_is_gone_goes(tree, destination):
    publish(tree, "nord", destination)
    (tree / "2026-W46" / "MY" / "market_report.html").write_text("second")
    (tree / "2026-W45" / "MY" / "market_report.html").unlink()
    done = publish(tree, "nord", destination)
    assert (done.written, done.unchanged, done.removed) == (1, 5, 1)
    there = held(destination)
    assert there["2026-W46/MY/market_report.html"] == "second"
    assert "2026-W45/MY/market_report.html" not in there


@pytest.mark.parametrize("breaks_at", range(1, 9))
def test_a_copy_that_breaks_off_leaves_what_can_be_read_and_is_completed_by_the_next(tree, monkeypatch, breaks_at):
    """Whatever move it breaks at, no index is newer than a page that it may link to."""
    fsspec.filesystem("memory").store.clear()
    destination = "memory://bucket/labelqa"
    publish(tree, "nord", destination)
    for path in tree.rglob("*.*"):
        if path.is_file():
            path.write_text(path.read_text().replace("first", "second"))
    store = fsspec.filesystem("memory")
    moves, move = [], store.mv

    def breaking(source, target, **options):
        moves.append(target)
        if len(moves) == breaks_at:
            raise OSError("the network is gone")
        move(source, target, **options)

    monkeypatch.setattr(type(store), "mv", lambda self, *args, **options: breaking(*args, **options))
    if breaks_at <= 7:
        with pytest.raises(OSError, match="network"):
            publish(tree, "nord", destination)
    there = held(destination)
    newer = {name for name, text in there.items() if text.endswith("second")}
    pages = {name for name in there if not name.endswith(("index.html", "published.json"))}
    if newer & {"index.html", "2026-W45/index.html", "2026-W46/index.html"}:
        assert pages <= newer
    assert not [name for name in there if "staging" in name]
    monkeypatch.undo()
    publish(tree, "nord", destination)
    assert all(text.endswith("second") for name, text in held(destination).items() if name != "labelqa-published.json")


def test_a_place_belongs_to_one_audience_and_strange_files_stay(tree, tmp_path):
    place = tmp_path / "place"
    publish(tree, "nord", str(place))
    (tmp_path / "reports" / "ost").mkdir()
    (tmp_path / "reports" / "ost" / "index.html").write_text("ost")
    with pytest.raises(UsageError, match="is where pages for nord lie; those for ost need a place of their own"):
        publish(tmp_path / "reports" / "ost", "ost", str(place))
    (place / "notes.txt").write_text("somebody's")
    publish(tree, "nord", str(place))
    assert (place / "notes.txt").read_text() == "somebody's"
    full = tmp_path / "full"
    full.mkdir()
    (full / "notes.txt").write_text("somebody's")
    with pytest.raises(UsageError, match="holds files that labelqa did not publish"):
        publish(tree, "nord", str(full))


def test_what_a_user_got_wrong_is_a_sentence(tree, tmp_path):
    with pytest.raises(UsageError, match="there are no pages for west yet; make them with `labelqa run --audience west`"):
        publish(tmp_path / "reports" / "west", "west", str(tmp_path / "x"))
    with pytest.raises(UsageError, match="lies among the reports themselves"):
        publish(tree, "nord", str(tmp_path / "reports" / "public"))
    with pytest.raises(UsageError, match="nosuch://bucket: cannot be opened"):
        publish(tree, "nord", "nosuch://bucket")


def test_a_tree_of_our_own_keeps_its_failed_notebooks(tree, tmp_path):
    tree.rename(tree.parent / "internal")
    publish(tree.parent / "internal", "internal", str(tmp_path / "own"))
    assert (tmp_path / "own" / "2026-W46" / "MY" / "market_report.failed.ipynb").exists()
