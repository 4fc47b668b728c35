"""Work with names, each done after what it needs, as many side by side as there are lanes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter


def in_lanes(needs: Mapping[str, Collection[str]], work: Callable[[str], None], lanes: int) -> None:
    """Do `work` for every name; what it raises comes out, and what was not begun by then is not done.

    Parameters
    ----------
    needs : mapping
        Each name -> those that must be done before. Of names that are ready at once, the first here is begun first.
    """
    turns: TopologicalSorter[str] = TopologicalSorter(needs)
    turns.prepare()
    order = {name: place for place, name in enumerate(needs)}
    running: dict[Future, str] = {}
    with ThreadPoolExecutor(lanes) as pool:
        try:
            while turns.is_active():
                running |= {pool.submit(work, name): name for name in sorted(turns.get_ready(), key=order.__getitem__)}
                for ended in wait(running, return_when=FIRST_COMPLETED).done:
                    ended.result()
                    turns.done(running.pop(ended))
        finally:
            pool.shutdown(cancel_futures=True)
