"""One market at one week after the other: what is held of its rows for many weeks is cut to the weeks of each, not made anew."""

from __future__ import annotations

from collections.abc import Sequence

from ibis import _

from labelqa_lib.metrics.annotated import annotated, looked_at_here
from labelqa_lib.metrics.behind import AUDIT_WORDS, audit_words
from labelqa_lib.metrics.judged import held_judged, judged
from labelqa_lib.metrics.metric import WEEK
from labelqa_lib.store import OPTIONAL, Tables, tables_from


def within(tables: Tables, weeks: Sequence[str]) -> Tables:
    """What would tables opened for some of these weeks say?

    Parameters
    ----------
    tables : Tables
        Of one market.
    weeks : sequence of str
        ISO weeks; of those that reach further back than the data, the ones that exist. The last must have data.

    Returns
    -------
    Tables
        Every figure measured of them is the one of a snapshot opened for these weeks: annotations are judged and weighed
        within their own week, whatever lies around it.

    Raises
    ------
    DataError
        When the last week has no data.
    """
    given = {name: getattr(tables, name) for name in ("annotations", "labels", *OPTIONAL)}
    cut = tables_from({name: rows for name, rows in given.items() if rows is not None}, tables.snapshot, tables.market, weeks)
    inside = _[WEEK].isin(cut.weeks)
    held_here = {"annotated": annotated(tables), "held looked at": looked_at_here(tables), "judged": judged(tables), "held judged": held_judged(tables)}
    cut._kept.update({name: rows.filter(inside) for name, rows in held_here.items()})
    if tables.audits is not None:
        cut._kept[AUDIT_WORDS] = audit_words(tables)  # looked up by annotation, of whatever week
    return cut
