"""PostgreSQL and Spark for tests: Debian's server, started for them alone, and Spark in a process of its own."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

ADMIN, READER, SECRET = "keeper", "reader", "s3cret of the reader"


def _programs() -> Path | None:
    """Where PostgreSQL's programs lie; Debian does not put them into PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def _user() -> str | None:
    """Who runs the server: root may not."""
    return "postgres" if os.geteuid() == 0 else None


def _missing(*wanted: tuple[str, object]) -> str:
    gone = [name for name, there in wanted if not there]
    return f"{', '.join(gone)} not installed (.ci/run installs them)" if gone else ""


def no_postgres() -> str:
    """Why there is no PostgreSQL here; empty where there is."""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return _missing(("postgresql", _programs() and (_user() or "postgres") in {*known, "postgres"}), ("psycopg", importlib.util.find_spec("psycopg")))


def no_spark() -> str:
    """Why there is no Spark here; empty where there is."""
    return _missing(("a Java machine", shutil.which("java")), ("pyspark", importlib.util.find_spec("pyspark")))


class Server:
    """A running PostgreSQL server that is reached through a socket in `folder` alone.

    Its databases sort text as English does, not byte by byte, as a company's own might.
    """

    def __init__(self, folder: Path):
        self.folder, self.data, self.programs = folder, folder / "data", _programs()

    def _run(self, program: str, *words: str, **options) -> None:
        command = [str(self.programs / program), *words]
        subprocess.run(command, check=True, capture_output=True, text=True, user=_user(), cwd=self.folder, **options)

    def start(self) -> None:
        """Make a cluster of databases and start its server."""
        rules = self.folder / "pg_hba.conf"
        rules.write_text(f"local all {ADMIN} trust\nlocal all all scram-sha-256\n")
        if _user():
            for path in (self.folder, rules):
                shutil.chown(path, _user())
        self._run("initdb", "-D", str(self.data), "-U", ADMIN, "--no-sync", "--encoding=UTF8", "--locale=C")
        told = f"-k {self.folder} -c listen_addresses='' -c fsync=off -c hba_file={rules}"
        self._run("pg_ctl", "-D", str(self.data), "-o", told, "-l", str(self.folder / "log"), "-w", "start")
        self.make("qa")
        self.psql(f"CREATE ROLE {READER} LOGIN PASSWORD '{SECRET}'")

    def make(self, database: str) -> None:
        """Make a database that sorts text as English does."""
        self.psql(f"CREATE DATABASE {database} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'", "postgres")

    def psql(self, statement: str, database: str = "qa") -> None:
        """Do something as the database's keeper."""
        self._run("psql", "-h", str(self.folder), "-U", ADMIN, "-d", database, "-v", "ON_ERROR_STOP=1", "-c", statement)

    def grant(self, user: str, database: str = "qa") -> None:
        """Let a user read every snapshot of a database."""
        self.psql(f"""DO $$ DECLARE name text; BEGIN
            FOR name IN SELECT nspname FROM pg_namespace WHERE nspname LIKE 'labelqa%' LOOP
                EXECUTE format('GRANT USAGE ON SCHEMA %I TO {user}; GRANT SELECT ON ALL TABLES IN SCHEMA %I TO {user}', name, name);
            END LOOP; END $$""", database)

    def stop(self) -> None:
        """End the server."""
        self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "stop")

    def url(self, user: str = ADMIN, password: str = "", database: str = "qa") -> str:
        """An address of a database."""
        secret = f":{quote(password, safe='')}" if password else ""
        return f"postgres://{user}{secret}@/{database}?host={quote(str(self.folder), safe='')}"


@contextmanager
def running_server():
    """A server for as long as the context is open."""
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:
        server = Server(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
