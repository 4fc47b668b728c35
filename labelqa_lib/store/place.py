"""Where snapshots lie: in a folder, in a PostgreSQL database, or in a folder that Spark reads. Nothing is opened here.

An address never holds a password: it is told to pages, and whoever reads a page reads it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from labelqa_lib.errors import UsageError

FORMS = "a folder, postgres://USER@HOST:PORT/DATABASE, or spark://HOST:PORT/FOLDER (spark://local/FOLDER on this machine)"
SETTINGS = ("host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "target_session_attrs")
"""What may follow a database's address as ``?name=value``: words of libpq."""

_KEPT = "a page would show it; leave it out and name it in PGPASSWORD or ~/.pgpass"


@dataclass(frozen=True)
class Database:
    """A PostgreSQL database; what is empty is left to libpq's own defaults (PGHOST, PGUSER, ~/.pgpass …)."""

    name: str
    user: str = ""
    host: str = ""
    port: int | None = None
    settings: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        who = f"{quote(self.user, safe='')}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        settings = f"?{urlencode(self.settings)}" if self.settings else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"postgres://{who}{host}{port}/{quote(self.name, safe='')}{settings}"


@dataclass(frozen=True)
class SparkFolder:
    """A folder of snapshots that Spark reads: every machine of the cluster sees it under the same path.

    Attributes
    ----------
    host : str
        Of the cluster's master, or ``local``: Spark in the page's own process.
    settings : tuple of (str, str)
        Of Spark, such as ``spark.executor.memory``.
    """

    host: str
    port: int | None
    folder: Path
    settings: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        port = f":{self.port}" if self.port else ""
        settings = f"?{urlencode(self.settings)}" if self.settings else ""
        return f"spark://{self.host}{port}{quote(str(self.folder))}{settings}"


Place = Path | Database | SparkFolder


def place_of(text: str, beside: Path) -> Place:
    """Which place is meant by what `--data` or workspace.yaml says?

    Parameters
    ----------
    text : str
        A folder, or an address (`FORMS`).
    beside : Path
        What a folder is relative to.

    Raises
    ------
    UsageError
        When it is no such address, or holds a password.
    """
    if "://" not in text:
        return Path(beside) / text
    kind, address = _split(text)
    if address.password is not None:
        raise UsageError(f"data: the address of {address.hostname or 'the database'} holds a password, and {_KEPT}")
    return (_database if kind == "postgres" else _cluster)(address)


def without_password(text: str) -> tuple[str, str | None]:
    """An address as it may be told to pages, and the password that stood in it; None where there was none."""
    if "://" not in text:
        return text, None
    _kind, address = _split(text)
    if address.password is None:
        return text, None
    who, _at, where = address.netloc.rpartition("@")
    return address._replace(netloc=f"{who.partition(':')[0]}@{where}").geturl(), unquote(address.password)


def _split(text: str):
    """What kind of place an address is of, and its parts. What is wrong is told without its words: one may be secret."""
    kind, _, _rest = text.partition("://")
    kind = {"postgresql": "postgres"}.get(kind, kind)
    if kind not in ("postgres", "spark"):
        raise UsageError(f"data: {kind}:// is no place that snapshots are read from; name {FORMS}")
    address = urlsplit(text)
    try:
        address.port  # noqa: B018 (parsed when it is asked for)
    except ValueError:
        raise UsageError(f"data: the port of the {kind}:// address is no number, or its password holds one of / ? # @ "
                         "unquoted (write %2F, %3F, %23, %40)") from None  # fmt: skip
    if address.fragment or "@" in address.path:
        raise UsageError(f"data: the {kind}:// address cannot be read; quote / ? # @ in its parts as %2F, %3F, %23, %40")
    return kind, address


def _settings(address, known, what: str) -> tuple[tuple[str, str], ...]:
    told = parse_qsl(address.query, keep_blank_values=True)
    for name, _value in told:
        if name == "password":
            raise UsageError(f"data: the address of {address.hostname or 'the database'} holds a password, and {_KEPT}")
        if not known(name):
            raise UsageError(f"data: {name!r} is no setting of a {address.scheme}:// address; there are {what}")
    return tuple(sorted(told))


def _database(address) -> Database:
    name = unquote(address.path.removeprefix("/"))
    if not name or "/" in address.path.removeprefix("/"):
        raise UsageError("data: the postgres:// address names no database, or more than one; write postgres://USER@HOST:PORT/DATABASE")
    settings = _settings(address, SETTINGS.__contains__, ", ".join(SETTINGS))
    return Database(name, unquote(address.username or ""), address.hostname or "", address.port, settings)


def _cluster(address) -> SparkFolder:
    if not address.hostname or address.username or len(address.path) < 2:
        raise UsageError("data: the spark:// address is not written spark://HOST:PORT/FOLDER (spark://local/FOLDER on this machine)")
    settings = _settings(address, re.compile(r"spark\.[\w.]+").fullmatch, "those that begin with spark.")
    if address.hostname == "local":
        return SparkFolder("local", None, Path(unquote(address.path)), settings)
    return SparkFolder(address.hostname, address.port or 7077, Path(unquote(address.path)), settings)
