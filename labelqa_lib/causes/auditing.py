"""Did the agents change, or those who judge them? What second audits, single auditors and gold say of each cause."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from labelqa_lib.causes.cause import Cause
from labelqa_lib.causes.inside import each, moved
from labelqa_lib.metrics.audited import PEOPLE_WITH_FEW
from labelqa_lib.stats.intervals import clopper_pearson
from labelqa_lib.translation import N_


def second_audits(
    audited: pd.DataFrame, causes: Sequence[Cause], recent: Sequence[str], confidence: float = 0.95
) -> pd.DataFrame:
    """Of the errors that first audits marked inside, how many does a second audit confirm, before and now?

    Parameters
    ----------
    audited, causes, recent, confidence
        As in `kinds.confusions`. ``second_label`` is there only for second audits drawn with known chance.

    Returns
    -------
    DataFrame
        ``cause, period`` ("before", "now"), ``marked`` (errors of first audits), ``rechecked`` (of them seen a second
        time), ``confirmed`` (share of those that are errors to the second auditor, too), ``confirmed_low,
        confirmed_high`` (Clopper–Pearson: they are few). Empty where nothing inside was audited twice.
    """
    found = []
    for name, _cause, rows in each(audited, causes, recent):
        marked = rows[rows["audit_label"].notna() & (rows["audit_label"] != rows["label"])]
        again = marked[marked["second_label"].notna()]
        for period, now in ((N_("before"), False), (N_("now"), True)):
            seen = again[again["now"] == now]
            n, yes = len(seen), int((seen["second_label"] != seen["label"]).sum())
            if n:
                low, high = clopper_pearson(yes, n, confidence)
                found.append((name, period, int((marked["now"] == now).sum()), n, yes / n, float(low), float(high)))
    columns = ["cause", "period", "marked", "rechecked", "confirmed", "confirmed_low", "confirmed_high"]
    return pd.DataFrame(found, columns=columns)


def auditors(audited: pd.DataFrame, causes: Sequence[Cause], recent: Sequence[str]) -> pd.DataFrame:
    """Does one auditor mark the errors inside that others do not?

    Parameters
    ----------
    audited, causes, recent
        As in `kinds.confusions`.

    Returns
    -------
    DataFrame
        ``cause, auditor_id`` (who stands out most among at least two), ``audits, errors`` (of that auditor inside,
        now), ``share_of_audits, share_of_errors`` (of everybody's) and ``p_value`` (Fisher's exact test, one-sided,
        against everybody else, times the auditors looked at, at most 1). Those pooled for their few audits are no
        auditor: they count among everybody else and are not looked at.
    """
    found = []
    for name, _cause, rows in each(audited, causes, recent):
        now = rows[rows["now"] & rows["auditor_id"].notna()]
        counts = now.groupby("auditor_id")["is_error"].agg(errors="sum", audits="size")
        if len(counts) < 2 or not counts["errors"].sum():
            continue
        people = counts.drop(PEOPLE_WITH_FEW["auditor_id"], errors="ignore")
        tests = [_more_errors(one.errors, one.audits, counts) for one in people.itertuples()]
        place = int(np.argmin(tests))
        one = people.iloc[place]
        found.append(
            (name, people.index[place], int(one["audits"]), int(one["errors"]), one["audits"] / len(now),
             one["errors"] / counts["errors"].sum(), min(1.0, tests[place] * len(people)))
        )  # fmt: skip
    columns = ["cause", "auditor_id", "audits", "errors", "share_of_audits", "share_of_errors", "p_value"]
    return pd.DataFrame(found, columns=columns)


def by_auditor(
    audited: pd.DataFrame, causes: Sequence[Cause], recent: Sequence[str], confidence: float = 0.95, fewest: int = 5
) -> pd.DataFrame:
    """How many errors does every auditor mark inside each cause, before and now?

    Parameters
    ----------
    audited, causes, recent, confidence
        As in `kinds.confusions`.
    fewest : int
        Auditors with fewer audits inside now are left out.

    Returns
    -------
    DataFrame
        ``cause, auditor_id, difference, difference_low, difference_high`` (of the share of audits marked as errors),
        ``before, now, n`` (audits inside, now): the highest share now first. A rise with every auditor is the agents', a
        rise with one of them may be his.
    """
    found = []
    for name, _cause, rows in each(audited, causes, recent):
        rows = rows[rows["auditor_id"].notna()]
        counts = rows.loc[rows["now"], "auditor_id"].value_counts()
        own = []
        for auditor in sorted(counts.index[counts >= fewest]):
            audits = rows[rows["auditor_id"] == auditor]
            share = moved(audits, audits["is_error"] == 1, confidence)
            own.append((name, auditor, share.difference, share.low, share.high, share.before, share.now, share.n_now))
        found += sorted(own, key=lambda row: (-row[6], row[1]))
    columns = ["cause", "auditor_id", "difference", "difference_low", "difference_high", "before", "now", "n"]
    return pd.DataFrame(found, columns=columns)


def _more_errors(errors: int, audits: int, counts: pd.DataFrame) -> float:
    others, rest = counts["errors"].sum() - errors, counts["audits"].sum() - audits
    return stats.fisher_exact([[errors, audits - errors], [others, rest - others]], alternative="greater").pvalue


def gold_changes(
    audited: pd.DataFrame, causes: Sequence[Cause], recent: Sequence[str], gold: pd.DataFrame | None
) -> pd.DataFrame:
    """How many of the errors inside are judged against gold that was corrected?

    Parameters
    ----------
    audited, causes, recent
        As in `kinds.confusions`.
    gold : DataFrame or None
        The contract's table; None where it was not delivered.

    Returns
    -------
    DataFrame
        ``cause, errors`` (inside, now), ``on_gold`` (of them on gold items), ``on_changed_gold`` (on items whose gold
        label differs between its versions). Empty without gold.
    """
    columns = ["cause", "errors", "on_gold", "on_changed_gold"]
    if gold is None:
        return pd.DataFrame(columns=columns)
    labels = gold.groupby("item_id")["gold_label"].nunique()
    found = []
    for name, _cause, rows in each(audited, causes, recent):
        items = rows.loc[rows["now"] & (rows["is_error"] == 1), "item_id"]
        versions = items.map(labels)
        found.append((name, len(items), int(versions.notna().sum()), int((versions > 1).sum())))
    return pd.DataFrame(found, columns=columns)
