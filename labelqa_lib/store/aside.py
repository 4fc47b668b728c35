"""Tables that are too large for an engine to hold: made of a few markets at a time, put aside in files, read by column."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
from ibis import _

if TYPE_CHECKING:
    from labelqa_lib.store.tables import Tables

OF_ONE_MARKET, OF_ALL_MARKETS = 1_000_000, 10_000_000
"""Annotations of one market, and of all, up to which what is made of them is held by the engine."""

AT_ONCE = 2_000_000
"""Of more than that, annotations that are gone through at a time, markets being whole."""

_FILES = itertools.count()


def gathered(tables: Tables, make: Callable[[Tables], ibis.Table], light: bool) -> ibis.Table | None:
    """What `make` gives of every few markets, put aside in files; None where the engine may hold it, or where no files are read.

    Parameters
    ----------
    tables, make, light
        As in `Tables.gather`.
    """
    if sum(tables.rows.values()) <= (OF_ALL_MARKETS if tables.market is None else OF_ONE_MARKET):
        return None
    engine = tables.annotations.get_backend()
    folder = Path(engine.raw_sql("SELECT current_setting('temp_directory')").fetchone()[0])
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for part in [tables] if light else parts(tables):
        files.append(str(folder / f"kept-{next(_FILES)}.parquet"))
        engine.to_parquet(make(part), files[-1])
        if part is not tables:
            part.release()
    return engine.read_parquet(files)


def parts(tables: Tables) -> list[Tables]:
    """The same tables in parts of whole markets, none of more than `AT_ONCE` annotations unless one market has more."""
    groups: list[list[str]] = []
    room = 0
    for market, rows in sorted(tables.rows.items()):
        if rows > room:
            groups.append([])
            room = AT_ONCE
        groups[-1].append(market)
        room -= rows
    return [_part(tables, group) for group in groups] if len(groups) > 1 else [tables]


def _part(tables: Tables, markets: list[str]) -> Tables:
    cut = {name: rows.filter(_.market.isin(markets)) for name, rows in vars(tables).items()
           if isinstance(rows, ibis.Table) and "market" in rows.columns}  # fmt: skip
    return replace(tables, **cut, rows={market: tables.rows[market] for market in markets}, footers=(), _kept={})
