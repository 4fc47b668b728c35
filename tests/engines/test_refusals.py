"""What goes wrong with a database or a cluster is one sentence and exit code 2, and a password is in none of them."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from labelqa_lib import cli, store
from labelqa_lib.errors import DataError

from . import odd
from .conftest import ROOT
from .servers import READER, SECRET, no_spark

psycopg = pytest.importorskip("psycopg", reason="psycopg not installed (.ci/run installs it)")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return odd.write(tmp_path_factory.mktemp("odd"))


@pytest.fixture
def fresh(server, request) -> str:
    """Name of an empty database."""
    name = f"of_{request.node.name[5:40]}"
    server.make(name)
    return name


@pytest.fixture
def loaded(server, fresh, folder) -> store.Database:
    place = store.place_of(server.url(database=fresh), ROOT)
    store.load(store.describe(folder), place)
    return place


@pytest.fixture(autouse=True)
def no_password(monkeypatch):
    """What a command puts into its environment is gone after the test."""
    monkeypatch.setenv("PGPASSWORD", "")
    monkeypatch.setenv("PGPASSFILE", "/nowhere")


@pytest.fixture
def said(tiny, capsys):
    """What a command that fails says: one line, no password, no traceback."""

    def said(*arguments: str) -> str:
        done = told(tiny, capsys, *arguments)
        assert done.code == 2, done
        (line,) = done.err.strip().splitlines()
        assert line.startswith("labelqa: ") and SECRET not in done.err + done.out
        return line

    return said


class Told(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def told(tiny, capsys, *arguments: str) -> Told:
    """Run a command in this process."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ended:
            cli.main(["--root", str(tiny.root), *arguments])
    finally:
        signal.signal(signal.SIGTERM, before)
    return Told(ended.value.code, *capsys.readouterr())


def test_who_may_not_in_and_who_may(said, tiny, capsys, server, loaded, monkeypatch):
    wrong = server.url(READER, "not " + SECRET, loaded.name)
    line = said("run", "--data", wrong)
    assert f'password authentication failed for user "{READER}"' in line and "PGPASSWORD, ~/.pgpass" in line
    assert "permission denied for schema labelqa" in said("run", "--data", server.url(READER, SECRET, loaded.name))
    assert not tiny.reports.exists()
    server.grant(READER, loaded.name)
    by_address = told(tiny, capsys, "list", "markets", "--data", server.url(READER, SECRET, loaded.name))
    monkeypatch.setenv("PGPASSWORD", SECRET)
    by_environment = told(tiny, capsys, "list", "markets", "--data", server.url(READER, database=loaded.name))
    assert by_address == by_environment and "2: 2026-W45 to 2026-W46" in by_address.out


def test_a_server_that_is_not_there(said, tiny, tmp_path):
    line = said("run", "--data", f"postgres://ann@/qa?host={tmp_path}")
    assert "is the server up" in line and "ann@" in line
    assert not tiny.reports.exists()


def test_a_database_that_is_not_there_or_empty(said, server, fresh):
    assert 'database "nowhere" does not exist' in said("list", "markets", "--data", server.url(database="nowhere"))
    line = said("run", "--data", server.url(database=fresh))
    assert "no snapshot 'CURRENT'; load one with `labelqa load postgres://" in line


def test_a_schema_or_table_that_is_gone(server, loaded):
    with psycopg.connect(host=str(server.folder), user="keeper", dbname=loaded.name, autocommit=True) as connection:
        connection.execute("DROP TABLE labelqa_odd_1.audits")
        with pytest.raises(DataError, match="table audits of snapshot odd-1 is gone; load it again with `labelqa load postgres://"):
            store.open_tables(loaded, "MY")
        connection.execute("DROP SCHEMA labelqa_odd_1 CASCADE")
        with pytest.raises(DataError, match="table annotations, audits, labels"):
            store.open_tables(loaded, "MY")


def test_a_server_that_ends_amid_a_page(server, loaded):
    tables = store.open_tables(loaded, "MY")
    store.fetch(tables.labels)
    server.psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{loaded.name}'")
    with pytest.raises(DataError, match="the engine could not read the snapshot: "):
        store.fetch(tables.labels)


def test_a_page_that_is_killed_takes_its_query_with_it(server, loaded):
    sleep = f"from labelqa_lib.store import postgres, place_of\npostgres.connect(place_of({str(loaded)!r}, '.')).execute('SELECT pg_sleep(99)')"
    running = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{loaded.name}' AND query LIKE 'SELECT pg_sleep%'"
    page = subprocess.Popen([sys.executable, "-c", sleep], stderr=subprocess.DEVNULL)
    with psycopg.connect(host=str(server.folder), user="keeper", dbname=loaded.name, autocommit=True) as connection:
        for wanted, then in ((1, page.kill), (0, page.wait)):
            end = time.monotonic() + 60
            while connection.execute(running).fetchone() != (wanted,):
                assert time.monotonic() < end
                time.sleep(0.2)
            then()


def test_a_load_that_breaks_off_leaves_what_was_there(loaded, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "s")
    again = tmp_path / "s" / "odd-2"
    (tmp_path / "s" / "odd-1").rename(again)
    (again / "snapshot.json").write_text((again / "snapshot.json").read_text().replace("odd-1", "odd-2"))
    (again / "shifts.parquet").write_bytes(b"PAR1 cut off")
    with pytest.raises(DataError, match="table shifts cannot be read as Parquet"):
        store.load(store.describe(tmp_path / "s", "odd-2"), loaded)
    assert store.describe(loaded).id == "odd-1"
    with pytest.raises(DataError, match="no snapshot 'odd-2'; there are odd-1"):
        store.describe(loaded, "odd-2")


def test_the_current_snapshot_and_how_many_are_kept(loaded, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "s")
    for id in ("odd-2", "odd-3"):
        shutil.copytree(tmp_path / "s" / "odd-1", tmp_path / "s" / id)
        description = tmp_path / "s" / id / "snapshot.json"
        description.write_text(description.read_text().replace("odd-1", id))
        assert store.load(store.describe(tmp_path / "s", id), loaded)
    assert not store.load(store.describe(folder), loaded)  # there already: made the current one again
    assert store.describe(loaded).id == "odd-1" and store.is_there(loaded, "odd-2")
    assert not store.load(store.describe(tmp_path / "s", "odd-3"), loaded, keep=2)
    assert [store.is_there(loaded, f"odd-{number}") for number in (1, 2, 3)] == [False, True, True]


def test_deliveries_go_into_a_folder(said, server, tmp_path):
    for command in ("check", "ingest"):
        assert "taken in into a folder" in said(command, str(tmp_path), "--data", server.url())
    assert "is no database" in said("load", str(tmp_path), "--data", str(tmp_path))


def test_a_password_in_params_is_refused(said, tiny):
    (tiny.root / "params" / "workspace.yaml").write_text(f"data: postgres://ann:{SECRET.replace(' ', '%20')}@db/qa\n")
    assert "holds a password" in said("run")


@pytest.mark.skipif(bool(no_spark()), reason=no_spark())
def test_a_cluster_that_does_not_answer(said, tiny, folder):
    with pytest.raises(DataError, match="spark://127.0.0.1:9/.*no master answers there"):
        store.open_tables(store.place_of(f"spark://127.0.0.1:9{folder}", ROOT))
    assert "no snapshot 'CURRENT'" in said("run", "--data", f"spark://local{tiny.root / 'nowhere'}")
