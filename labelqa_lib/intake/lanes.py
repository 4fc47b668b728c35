"""Work with names, each done after what it needs, as many side by side as there are lanes, each by a connection of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter

import duckdb

_SECONDS = 0.1
"""How long work that is broken off may go on before its connection is interrupted again: between two queries it hears nothing."""

Work = Callable[[str, duckdb.DuckDBPyConnection], None]


def in_lanes(needs: Mapping[str, Collection[str]], work: Work, connection: duckdb.DuckDBPyConnection, lanes: int) -> None:
    """Do `work` for every name; what it raises comes out, and so does an interrupt, after the work of other lanes was broken off.

    Parameters
    ----------
    needs : mapping
        Each name -> those that must be done before. Of names that are ready at once, the first here is begun first.
    connection : DuckDBPyConnection
        To the database; work is given a name, and a connection to it that nobody else uses.
    """
    turns: TopologicalSorter[str] = TopologicalSorter(needs)
    turns.prepare()
    order = {name: place for place, name in enumerate(needs)}
    running: dict[Future, tuple[str, duckdb.DuckDBPyConnection]] = {}
    with ThreadPoolExecutor(lanes) as pool:
        try:
            while turns.is_active():
                for name in sorted(turns.get_ready(), key=order.__getitem__):
                    own = connection.cursor()
                    running[pool.submit(work, name, own)] = name, own
                for ended in wait(running, return_when=FIRST_COMPLETED).done:
                    name, own = running.pop(ended)
                    own.close()
                    ended.result()
                    turns.done(name)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            while unended := [one for one in running if not one.done()]:  # `wait` never counts what was cancelled as done
                for one in unended:
                    running[one][1].interrupt()
                wait(unended, _SECONDS)
            for _name, own in running.values():
                own.close()
            raise
