"""Pages that an audience does not get any more."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from labelqa_lib.runner.index import write_index
from labelqa_lib.runner.plan import INTERNAL
from labelqa_lib.translation import ENGLISH


def withdraw(reports: Path, audience: str, allowed: Collection[str], first: Sequence[str] = (), locale: str = ENGLISH) -> list[str]:
    """Remove pages that are not for partners any more from a partner's reports, of all weeks, and from their indexes.

    Parameters
    ----------
    reports : Path
        Folder of all reports.
    audience : str
        Of internal ones none is removed.
    allowed : collection of str
        Notebooks that partners get.
    first, locale
        As in `write_index`.

    Returns
    -------
    list of str
        Names of the notebooks whose pages were removed.

    Raises
    ------
    OSError
    """
    if audience == INTERNAL:
        return []
    kept = {"", *allowed}  # what is hidden has no name before its first dot, and is nobody's page
    files = [path for path in (reports / audience).glob("*/*/*") if path.name.partition(".")[0] not in kept and path.is_file()]
    for path in files:
        path.unlink(missing_ok=True)
    for week in sorted({path.parents[1].name for path in files}):
        write_index(reports, audience, week, first, locale)
    return sorted({path.name.partition(".")[0] for path in files})
