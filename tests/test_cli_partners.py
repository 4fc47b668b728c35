"""The key of pseudonyms, and what is refused before anything is cut: in sentences, with exit code 2."""

from __future__ import annotations

import stat

import pytest

from labelqa_lib import audience, cli, runner
from labelqa_lib.cli.frame import Workspace
from labelqa_lib.cli.keys import read_key
from labelqa_lib.cli.readers import reader
from labelqa_lib.errors import UsageError
from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.runner.record import PageRecord, publish


@pytest.fixture
def place(tiny, tmp_path, monkeypatch):
    """A workspace whose key lies elsewhere; its snapshot holds a partner's annotations as far as anybody asks."""
    (tiny.root / "params" / "workspace.yaml").write_text(
        "notebooks: [page, plan]\npartners: {notebooks: [page], smallest_cell: 12}\n"
    )
    monkeypatch.setenv("LABELQA_KEY_FILE", str(tmp_path / "elsewhere" / "key"))
    monkeypatch.setenv("LABELQA_ROOT", str(tiny.root))
    monkeypatch.setattr(audience, "weeks_of", lambda root, snapshot: {"Nord": {"MY": ["2026-W45"]}})
    return tiny


def refused(place, **asked) -> str:
    given = {"audience": "nord", "week": "2026-W45", "markets": (), "notebooks": ()} | asked
    with pytest.raises(Exception) as caught, reader(Workspace(place.root), type("Snapshot", (), {"id": "s"})(), **given):
        pass
    return str(caught.value)


def test_a_key_is_made_once_for_its_owner_alone(place, tmp_path, capsys):
    path = tmp_path / "elsewhere" / "key"
    assert cli._exit_code(["key"]) == 0
    held = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0
    assert cli._exit_code(["key"]) == 0 and path.read_text() == held
    said = capsys.readouterr()
    assert "holds a new key" in said.out and "holds a key already; it stays" in said.out
    assert held.strip() not in said.out + said.err
    assert read_key(Workspace(place.root)) == bytes.fromhex(held) and len(bytes.fromhex(held)) == 32


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        (None, 0o600, "there is no key for pseudonyms yet; make one with `labelqa key`"),
        ("00" * 32, 0o644, "others may read the key of pseudonyms (mode 0644)"),
        ("00" * 31, 0o600, "is no key of 32 bytes or more"),
        ("secret words", 0o600, "is no key of 32 bytes or more"),
    ],
)
def test_a_key_that_cannot_be_used_is_told_without_showing_it(place, tmp_path, content, mode, said):
    path = tmp_path / "elsewhere" / "key"
    if content is not None:
        path.parent.mkdir()
        path.write_text(content)
        path.chmod(mode)
    with pytest.raises(UsageError) as caught:
        read_key(Workspace(place.root))
    assert said in str(caught.value) and (content or "-") not in str(caught.value).replace(str(path), "")


def test_a_key_in_the_workspace_is_refused(place, monkeypatch, capsys):
    monkeypatch.setenv("LABELQA_KEY_FILE", str(place.root / "params" / "key"))
    assert cli._exit_code(["key"]) == 2
    assert "must lie outside of the workspace" in capsys.readouterr().err
    assert not (place.root / "params" / "key").exists()


def test_what_is_not_for_a_partner_is_refused_before_data_is_read(place):
    assert "'acme' is nobody; there are internal and the partners of the snapshot (nord)" in refused(place, audience="acme")
    assert "'../x' is not a name" in refused(place, audience="../x")
    assert "notebook 'plan' is internal; partners have page" in refused(place, notebooks=("plan",))
    assert "market 'SG': Nord has no annotations there; it has in MY" in refused(place, markets=("SG",))
    assert "week 2026-W46: Nord has no annotations in MY" in refused(place, week="2026-W46")
    assert "make one with `labelqa key`" in refused(place)


def test_an_earlier_run_of_the_same_audience_is_waited_for(place):
    from filelock import FileLock

    assert cli._exit_code(["key"]) == 0
    folder = place.reports / ".cache" / "audience"
    folder.mkdir(parents=True)
    with FileLock(folder / "nord.lock"):
        assert "another run is making its pages" in refused(place)


def test_what_partners_do_not_get_any_more_is_not_published(place, tmp_path, capsys):
    for name in ("page", "plan"):
        page = PlannedPage(place.root / "notebooks" / f"{name}.ipynb", place.root, place.reports, "MY", "2026-W45", "nord", "S1")
        publish(page, PageRecord.of(page, 1.0), html=f"<p>{name}")
    runner.write_index(place.reports, "nord", "2026-W45")
    assert cli._exit_code(["publish", str(tmp_path / "shared"), "--audience", "nord"]) == 0
    assert "plan: not for partners any more (params/workspace.yaml, partners.notebooks)" in capsys.readouterr().out
    there = {path.name for path in (tmp_path / "shared").rglob("*.*")}
    assert there == {"labelqa-published.json", "index.html", "page.html", "page.json", "page.findings.json"}
    assert "plan.html" not in "".join(path.read_text() for path in (tmp_path / "shared").rglob("index.html"))
