"""The single annotations behind a figure, a page of them at a time: the engine skips and counts, nobody loads them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ibis
import numpy as np
import pandas as pd
from ibis import _

from labelqa_lib.derived import first_audits, second_audits
from labelqa_lib.errors import UsageError
from labelqa_lib.metrics.annotated import annotated
from labelqa_lib.metrics.held import Held
from labelqa_lib.metrics.inside import Segment, rows_inside
from labelqa_lib.metrics.judged import judged, sample, sampled
from labelqa_lib.metrics.metric import WEEK
from labelqa_lib.metrics.quality import SHARES
from labelqa_lib.store import Tables, fetch

COLUMNS = (
    "annotation_id", "item_id", "local_date", "site", "queue", "label", "reference_label", "audit_label", "second_label",
    "error_cause", "comment", "handle_seconds", "content_ref",
)  # fmt: skip
"""Of a row shown; NULL where not delivered."""

HANDLED = "handle times"

AUDIT_WORDS = "audit words"
MOST_SORTED = 50_000
"""Rows held in memory are put in order there; more of them the engine orders faster."""


def behind(
    tables: Tables, metric: str, weeks: Sequence[str], segment: Segment, page: int = 0, size: int = 20, wrong: bool = False
) -> tuple[pd.DataFrame, int]:
    """Which annotations does a figure stand on?

    Parameters
    ----------
    metric : str
        Of a share of judged annotations the rows are its denominator; of any other, all annotations.
    weeks : sequence of str
        ISO weeks among those opened.
    segment : mapping of str to str
    page, size : int
        The first page is 0; `size` rows a page, in the order of `annotation_id`.
    wrong : bool
        Only those whose label is not the reference label.

    Returns
    -------
    rows : DataFrame
        `COLUMNS`; empty beyond the last page.
    total : int
        How many there are on all pages.

    Raises
    ------
    UsageError
        When the rows do not tell a dimension of the segment, or a page or size is no count.
    """
    if page < 0 or size < 1:
        raise UsageError(f"page {page} of {size} rows: pages are counted from 0, and hold at least 1 row")
    of = "the annotations behind this figure"
    rows = rows_inside(_rows(tables, metric, tuple(weeks), wrong, sampled), segment, of)
    if isinstance(rows, Held) and len(rows) <= MOST_SORTED:
        names = rows.ordered("annotation_id").frame(["annotation_id"])["annotation_id"]
        total, cut = len(names), names.iloc[page * size : (page + 1) * size].tolist()
        rows = judged(tables).filter(_.annotation_id.isin(cut))
    else:
        rows = rows_inside(_rows(tables, metric, tuple(weeks), wrong, sample), segment, of)
        total = int(fetch(rows.aggregate(n=_.count()))["n"].iloc[0])
        rows = rows.order_by("annotation_id").limit(size, offset=page * size)
    known = [name for name in COLUMNS if name in rows.columns and name != "audit_label"]
    return _with_words(fetch(rows.select(known).order_by("annotation_id")), tables), total


def _rows(tables: Tables, metric: str, weeks: tuple[str, ...], wrong: bool, sample_of: Callable) -> ibis.Table | Held:
    if metric in SHARES or wrong:
        rows, _stands_on = sample_of(tables, weeks)
        share = SHARES.get(metric)
        rows = rows.filter(share.counted) if share is not None and share.counted is not True else rows
        return rows.filter(~_.correct) if wrong else rows
    return annotated(tables).filter(_[WEEK].isin(weeks)).mutate(reference_label=ibis.null("string"))


def _with_words(rows: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """With what auditors said and where the content lies: looked up for the rows of the page alone."""
    for table, key, made in ((tables.audits, "annotation_id", audit_words), (tables.items, "item_id", _contents)):
        if table is not None and len(rows):
            told = made(tables)
            rows = rows.merge(fetch(told.filter(told[key].isin(rows[key].unique().tolist()))), on=key, how="left")
    return rows.reindex(columns=list(COLUMNS))


def audit_words(tables: Tables) -> ibis.Table:
    """What auditors said of each annotation: ``annotation_id, audit_label, error_cause, comment`` of the first audit,
    ``second_label`` of the second. Kept in the engine."""
    return tables.keep(AUDIT_WORDS, lambda: _audit_words(tables.audits))


def _audit_words(audits: ibis.Table) -> ibis.Table:
    first = first_audits(audits).inner_join(audits.select("audit_id", "error_cause", "comment"), "audit_id")
    words = first.select("annotation_id", "audit_label", "error_cause", "comment").outer_join(second_audits(audits), "annotation_id")
    return words.mutate(annotation_id=_.annotation_id.coalesce(_.annotation_id_right)).drop("annotation_id_right")


def _contents(tables: Tables) -> ibis.Table:
    return tables.items.select("item_id", "content_ref")


CELLS = 40
"""Of a distribution, from 0 to the 99th percentile."""

_STEPS = (1, 2, 5)


def handle_times(tables: Tables, weeks: Sequence[str], segment: Segment) -> pd.DataFrame:
    """How are handle times spread?

    Parameters
    ----------
    weeks : sequence of str
        ISO weeks, pooled.
    segment : mapping of str to str
        Dimensions of an annotation.

    Returns
    -------
    DataFrame
        ``low, high`` (seconds, ``low <= time < high``) and ``annotations``, cells of one width from 0 on, at most about
        `CELLS`; the last one, without an upper end (``inf``), holds the longest hundredth. Empty without times.
    """
    rows = rows_inside(annotated(tables), segment, HANDLED).filter(_[WEEK].isin(list(weeks)) & _.handle_seconds.notnull())
    times = fetch(rows.group_by(second=_.handle_seconds.floor().cast("int64")).aggregate(n=_.count()).order_by("second"))
    if times.empty:
        return pd.DataFrame({"low": [], "high": [], "annotations": pd.Series([], dtype="int64")})
    share = times["n"].cumsum() / times["n"].sum()
    last = int(times["second"][(share >= 0.99).idxmax()])
    width = next(step for power in range(9) for unit in _STEPS for step in [unit * 10**power] if last <= step * CELLS)
    cell = np.minimum(times["second"] // width, last // width + 1)
    counts = times["n"].groupby(cell).sum().reindex(range(last // width + 2), fill_value=0)
    low = counts.index.to_numpy() * float(width)
    high = np.append(low[1:], np.inf)
    return pd.DataFrame({"low": low, "high": high, "annotations": counts.to_numpy()})
