"""Trees copied to folders and object stores, also by copies that break off."""

from __future__ import annotations

import json
from pathlib import Path

import fsspec
import pytest

from labelqa_lib.errors import UsageError
from labelqa_lib.places import Place
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


@pytest.mark.parametrize("breaks_at", range(1, 11))
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
    if breaks_at <= 9:  # seven files, and the manifest before and after them
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


def breaking_off(monkeypatch, destination: str, after: str):
    """Every move after that of `after` finds no network."""
    store = type(fsspec.url_to_fs(destination)[0])
    move, seen = store.mv, []

    def breaking(self, source, target, **options):
        if seen:
            raise OSError("the network is gone")
        move(self, source, target, **options)
        seen.extend([target] * target.endswith(after))

    monkeypatch.setattr(store, "mv", breaking)


@pytest.mark.parametrize("after", ["/leaked.html", "W46/MY/market_report.html", "labelqa/index.html"])
def test_what_a_broken_copy_brought_goes_again_when_the_tree_took_it_back(tree, monkeypatch, after):
    """The tree is byte for byte what it was when the manifest was last complete; the place is not."""
    fsspec.filesystem("memory").store.clear()
    destination = "memory://bucket/labelqa"
    publish(tree, "nord", destination)
    before = held(destination)
    page, index, leaked = (tree / "2026-W46" / "MY" / "market_report.html", tree / "index.html", tree / "leaked.html")
    old = page.read_text(), index.read_text()
    [path.write_text("another's") for path in (page, index, leaked)]
    with monkeypatch.context() as patched:
        breaking_off(patched, destination, after)
        with pytest.raises(OSError, match="network"):
            publish(tree, "nord", destination)
    assert "another's" in held(destination).values()
    page.write_text(old[0]), index.write_text(old[1])
    leaked.unlink()
    publish(tree, "nord", destination)
    assert held(destination) == before


def test_a_page_that_is_missing_at_the_place_is_copied_again(tree, destination):
    publish(tree, "nord", destination)
    before = held(destination)
    store, root = fsspec.url_to_fs(destination)
    store.rm(f"{root}/2026-W46/MY/market_report.html")
    done = publish(tree, "nord", destination)
    assert (done.written, done.unchanged, done.removed) == (1, 6, 0)
    assert held(destination) == before


@pytest.mark.parametrize("text", [b'{"audience": "nord", "fil', b"", b"\xff", b"[]", b'{"audience": "nord"}', b'{"audience": "nord", "files": 3}'])
def test_a_manifest_that_says_nothing_is_a_sentence_and_nothing_is_touched(tree, destination, text):
    """Whose place it is cannot be known: pages for one partner must not come to lie among another's."""
    publish(tree, "nord", destination)
    store, root = fsspec.url_to_fs(destination)
    store.pipe_file(f"{root}/labelqa-published.json", text)
    before = store.find(root, detail=True)
    with pytest.raises(UsageError, match=r"labelqa-published.json there cannot be read, .* empty the place and publish again"):
        publish(tree, "nord", destination)
    assert store.find(root, detail=True) == before


@pytest.mark.parametrize("first", [True, False])
def test_the_manifest_is_there_whole_or_as_it_was(tree, monkeypatch, first):
    """A copy that is killed while it writes one is completed by the next."""
    fsspec.filesystem("memory").store.clear()
    destination = "memory://bucket/labelqa"
    if not first:
        publish(tree, "nord", destination)
        (tree / "index.html").write_text("second")
    known = held(destination).get("labelqa-published.json")
    put = Place.put

    def torn(place, name, content, like=""):
        if name.endswith("published.json"):
            put(place, name, content[:20], like)
            raise KeyboardInterrupt
        put(place, name, content, like)

    with monkeypatch.context() as patched:
        patched.setattr(Place, "put", torn)
        patched.setattr(Place, "remove", lambda *_: None)  # killed: nobody tidies up
        with pytest.raises(KeyboardInterrupt):
            publish(tree, "nord", destination)
    assert held(destination).get("labelqa-published.json") == known
    publish(tree, "nord", destination)
    there = held(destination)
    assert set(json.loads(there.pop("labelqa-published.json"))["files"]) == set(there)


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
