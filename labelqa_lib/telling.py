"""What rows are told by others, in words for an engine's tables. `metrics.joining` gives them the same meaning for rows that are
held in memory, so that a definition stands once.

As in SQL, what is not told is found by nothing (but where it is asked for), and comes last in every order.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

import ibis
from ibis.common.deferred import deferrable


@singledispatch
def first_of_each(rows: ibis.Table, key: str, order: Sequence[str]) -> ibis.Table:
    """One row per key: the first in the order of some columns, each descending whose name begins with ``-``."""
    by = [rows[name[1:]].desc() if name.startswith("-") else rows[name] for name in order]
    ranked = rows.mutate(_place=ibis.row_number().over(group_by=key, order_by=by))
    return ranked.filter(ranked._place == 0).drop("_place")


@singledispatch
def told_by(rows: ibis.Table, part: ibis.Table, keys: Sequence[str], always: bool = False, alike: Sequence[str] = ()) -> ibis.Table:
    """The rows with the other columns of those rows of `part` that have the same keys, once for each.

    Parameters
    ----------
    keys, alike : sequence of str
        Of `alike` two that are not told are the same.
    always : bool
        Leave out rows that `part` has nothing for; else they are told nothing.
    """
    same = [*(rows[name] == part[name] for name in keys), *(rows[name].identical_to(part[name]) for name in alike)]
    own = [part[name] for name in part.columns if name not in (*keys, *alike)]
    return rows.join(part, same, how="inner" if always else "left").select(*(rows[name] for name in rows.columns), *own)


@singledispatch
def among(rows: ibis.Table, name: str, part: ibis.Table) -> ibis.BooleanValue:
    """Whether a text is one of those that `part` has."""
    return rows[name].isin(part[name])


@singledispatch
def with_counts(rows: ibis.Table, by: Sequence[str], **conditions: ibis.Deferred) -> ibis.Table:
    """The rows with how many rows of their place fulfil each condition; not told where none does."""
    place = ibis.window(group_by=list(by))
    return rows.mutate(**{name: ibis.ifelse(one, 1, 0).sum().over(place).nullif(0) for name, one in conditions.items()})


@singledispatch
def sums_by(rows: ibis.Table, keys: Sequence[str], **values: ibis.Deferred) -> ibis.Table:
    """A row for all rows with the same keys, with the sums of some values; not told where none of them is."""
    return rows.group_by(list(keys)).aggregate(**{name: one.sum() for name, one in values.items()})


@singledispatch
def with_start(rows: ibis.Table, name: str, day: str, key: str, at: str, seconds: int) -> ibis.Table:
    """The rows with the `day` on which the run began that each lies in. Rows of one `key` are a run as long as no pause between
    them, by the times `at`, is longer than so many seconds. (Of those at one time any may be first.)"""
    in_order = {"group_by": key, "order_by": at}
    second = rows[at].epoch_seconds()
    rows = rows.mutate(_pause=second - second.lag().over(**in_order))
    first = ibis.ifelse(rows._pause <= seconds, ibis.null("date"), rows[day])
    return rows.mutate(**{name: first.max().over(ibis.window(preceding=(None, 0), **in_order))})


@singledispatch
def untold(rows: ibis.Table, texts: Sequence[str] = (), numbers: Sequence[str] = ()) -> ibis.Table:
    """The rows with columns that nobody told."""
    new = dict.fromkeys(texts, ibis.null("string")) | dict.fromkeys(numbers, ibis.null("float64"))
    return rows.mutate(**new) if new else rows


@singledispatch
def either_of(condition: ibis.Value, one: object, other: object) -> ibis.Value:
    """A number where a condition is true, another where it is not or not known."""
    return ibis.ifelse(condition, one, other)


@singledispatch
def text_where(condition: ibis.Value, text: ibis.Value) -> ibis.Value:
    """A text where a condition is true, else not told."""
    return ibis.ifelse(condition, text, ibis.null("string"))


@singledispatch
def name_of_true(*conditions: ibis.Value, names: Sequence[str]) -> ibis.Value:
    """The name of the first condition that is true; not told where none is."""
    return ibis.cases(*zip(conditions, names, strict=True))


either, only_where, first_true = deferrable(either_of), deferrable(text_where), deferrable(name_of_true)
"""The same of columns that are named by ``_``, whatever rows they will be of."""
