"""Raw tables -> snapshot and rejects, by the data contract. The only place where data is checked."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from labelqa_lib.errors import DataError, DeliveryRefused
from labelqa_lib.intake.assessing import Assessment, assess
from labelqa_lib.intake.damaged import blamed
from labelqa_lib.intake.deriving import Zones
from labelqa_lib.intake.outcome import BrokenRule, Outcome, TableOutcome
from labelqa_lib.intake.snapshot import current_snapshot, describe, only_writer, write_snapshot
from labelqa_lib.sources.folder import listed

if TYPE_CHECKING:
    from labelqa_lib.sources import Delivery

__all__ = ["BrokenRule", "Outcome", "TableOutcome", "check", "current_snapshot", "ingest", "workbench"]

MEMORY = "1000MB"
"""What the engine may hold; with Python, Arrow and the rows that are being packed the process stays below 2 GiB."""

HELD = 400_000_000
"""Bytes of a delivery up to which its tables are held in memory, which is a third faster. A table in memory leaves some of
every row there that cannot be spilled; of one in a file nothing stays."""

_TEXT = {".csv", ".tsv", ".txt", ".jsonl", ".ndjson"}
_PACKED = 10
"""Bytes that a byte of Parquet, gzip or Excel stands for, about."""


@contextmanager
def workbench(delivery: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection to read and check a delivery with: bounded memory, spilling to a folder that is removed.

    Parameters
    ----------
    delivery : Path, optional
        What will be read: of a large one, tables lie in a file of that folder.

    Raises
    ------
    DeliveryRefused
        When what is done with the connection needs more memory, or more room for what is spilled, than there is.
    """
    with tempfile.TemporaryDirectory(prefix="labelqa-") as folder:
        database = ":memory:" if delivery is None or _bytes(delivery) <= HELD else f"{folder}/workbench.duckdb"
        connection = duckdb.connect(database, config={"memory_limit": MEMORY, "temp_directory": f"{folder}/spilled"})
        try:
            yield connection
        except duckdb.OutOfMemoryException as error:
            raise DeliveryRefused(
                f"{delivery or 'the delivery'}: does not fit into the {MEMORY} that the engine may hold, or into its "
                f"temporary folder below {tempfile.gettempdir()} ({str(error).splitlines()[0]}); deliver it in parts, such "
                "as a month each, or make room there; nothing was kept"
            ) from None
        finally:
            connection.close()


def _bytes(delivery: Path) -> int:
    """How long a delivery is as text, about; 0 where nothing is there."""
    files = [path for path in (delivery, *(delivery / name for name in listed(delivery)[0])) if path.is_file()]
    return sum(path.stat().st_size * (1 if path.suffix.lower() in _TEXT else _PACKED) for path in files)


def check(
    delivery: Delivery,
    connection: duckdb.DuckDBPyConnection,
    *,
    markets: Mapping[str, str],
    default_time_zone: str,
    reject_limit: float,
    now: datetime,
    current: Path | None,
) -> Outcome:
    """What would `ingest` do with this delivery? Writes nothing.

    Parameters
    ----------
    delivery : Delivery
        As read into `connection`.
    markets : mapping of str to str
        Market code -> IANA time zone, in which its weeks are cut; other markets use `default_time_zone`.
    reject_limit : float
        A table with more rejects than this share of its rows refuses the delivery, in [0, 1].
    now : datetime
        With a time zone; later times are in the future.
    current : Path, optional
        Folder of the snapshot to merge onto (`current_snapshot`).

    Raises
    ------
    DataError
        When a file of that snapshot cannot be read.
    """
    zones = Zones(dict(markets), default_time_zone)
    with blamed(current):
        return _assess(delivery, connection, zones, reject_limit, now, current).outcome


def ingest(
    delivery: Delivery,
    connection: duckdb.DuckDBPyConnection,
    *,
    root: Path,
    markets: Mapping[str, str],
    default_time_zone: str,
    reject_limit: float,
    now: datetime,
    fresh: bool = False,
    lock_seconds: float = 60,
) -> Outcome:
    """Merge a delivery onto the current snapshot below `root` and make the result the current one.

    A delivery of which the current snapshot holds everything, rejects too, makes no new one. Where only its rejects
    are new, they make one, whose tables are the current one's: a reject is never lost.

    Parameters
    ----------
    fresh : bool
        Begin anew: merge onto nothing. Earlier snapshots stay readable.
    lock_seconds : float
        How long to wait for another ingest to end.

    Raises
    ------
    DeliveryRefused
        One sentence per problem, then the notes, which may tell the reason; nothing was written.
    DataError
        When `root` cannot be written, another ingest holds it, or a file of the current snapshot cannot be read; that is
        as it was.
    """
    root = Path(root)
    zones = Zones(dict(markets), default_time_zone)
    try:
        with only_writer(root, lock_seconds):
            parent = None if fresh else current_snapshot(root)
            with blamed(parent):
                assessment = _assess(delivery, connection, zones, reject_limit, now, parent)
                if assessment.outcome.refused:
                    raise DeliveryRefused((*assessment.outcome.refused, *assessment.outcome.notes))
                if parent is not None and assessment.outcome.unchanged:
                    return replace(assessment.outcome, snapshot=parent.name)
                name = write_snapshot(root, assessment, parent, describe(parent), zones, now, connection)
                return replace(assessment.outcome, snapshot=name)
    except PermissionError as error:
        raise DataError(f"{error.filename or root}: may not be written (permission denied); nothing was kept") from None
    except duckdb.OutOfMemoryException:  # said by the workbench, whatever was being done
        raise
    except (OSError, duckdb.Error) as error:
        what = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise DataError(f"{root}: the snapshot could not be written ({what}); nothing was kept") from error


def _assess(
    delivery: Delivery,
    connection: duckdb.DuckDBPyConnection,
    zones: Zones,
    reject_limit: float,
    now: datetime,
    current: Path | None,
) -> Assessment:
    return assess(
        delivery,
        connection,
        zones=zones,
        reject_limit=reject_limit,
        now=now,
        current=current,
        described=describe(current),
    )
