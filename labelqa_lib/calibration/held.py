"""Which sessions were held, and did people mean the same thing more often after them?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from ibis import _

from labelqa_lib.calibration.agreement import FEWEST_ITEMS, agreement
from labelqa_lib.metrics import measure
from labelqa_lib.metrics.judged import unlike
from labelqa_lib.periods import Week
from labelqa_lib.stats.change import difference
from labelqa_lib.store import Tables, fetch
from labelqa_lib.translation import say

WINDOW = 4
"""Weeks compared on each side of a session: long enough for an interval, short enough for little else to happen."""

SET_PEOPLE, SET_ITEMS, SET_SHARE = 5, 10, 0.2
"""So many items with so many people each, where less than this share of items has them, are a calibration set."""

_WORD = r"calibra|kalibr|校准|校準"
_ENDS = [f"{name}{end}" for name in ("before", "after", "difference") for end in ("", "_low", "_high")]


def sessions_held(tables: Tables, rows: pd.DataFrame, session: str = "") -> pd.DataFrame:
    """Which calibration sessions do the data tell of?

    Parameters
    ----------
    tables : Tables
    rows : DataFrame
        From `overlap`.
    session : str
        First ISO week after a session that somebody knows of; empty to look for them.

    Returns
    -------
    DataFrame
        ``session`` (in words), ``site`` (empty for everybody), ``last_before, first_after`` (ISO weeks), the latest
        first: the one named; else actions of the register that are done and speak of calibration, the week they were
        closed, and weeks in which a calibration set was labelled. Only those with a week on each side.
    """
    if session:
        found = [(say("the session"), "", str(Week.parse(session) - 1), session)]
    else:
        found = [*_register(tables), *_sets(rows)]
    inside = [one for one in found if one[2] >= tables.weeks[0] and one[3] <= tables.weeks[-1]]
    inside.sort(key=lambda one: (one[3], one[1]), reverse=True)
    return pd.DataFrame(inside, columns=["session", "site", "last_before", "first_after"])


def _register(tables: Tables) -> list[tuple]:
    """Actions that were done and speak of calibration; their own week belongs to neither side."""
    if tables.actions is None:
        return []
    done = tables.actions.filter((_.status == "done") & _.closed_on.notnull() & _.action.lower().re_search(_WORD))
    actions = fetch(done.select("site", "closed_on").order_by("closed_on", "site"))
    found = []
    for row in actions.itertuples():
        week, site = Week.of(pd.Timestamp(row.closed_on).date()), row.site if isinstance(row.site, str) else ""
        found.append((say("{who}, closed {week}", who=site or say("everybody"), week=week), site, str(week - 1), str(week + 1)))
    return found


def _sets(rows: pd.DataFrame) -> list[tuple]:
    """Weeks in which a few items went to many people, which ordinary work does not do."""
    first = rows[~rows["repeated"]]
    items = first.groupby("item_id").agg(people=("agent_id", "nunique"), week=("week", "max"))
    many = items[items["people"] >= SET_PEOPLE]
    if len(many) > SET_SHARE * len(items):
        return []
    weeks = many.groupby("week").size()
    return [(say("calibration set of {n} items, {week}", n=count, week=week), "", str(Week.parse(week) - 1), str(Week.parse(week) + 1))
            for week, count in weeks[weeks >= SET_ITEMS].items()]  # fmt: skip


def before_after(
    tables: Tables, rows: pd.DataFrame, labels: Sequence[str], held: pd.DataFrame, confidence: float = 0.95
) -> pd.DataFrame:
    """Did people agree more with the key, and with each other, after a session, and did sites without one not?

    Parameters
    ----------
    tables : Tables
    rows : DataFrame
        From `overlap`.
    labels : sequence of str
        The label set.
    held : DataFrame
        From `sessions_held`.
    confidence : float
        Of the intervals, in (0, 1).

    Returns
    -------
    DataFrame
        A row per session, site and metric: ``session, site, metric, before, before_low, before_high, after, after_low,
        after_high, difference, difference_low, difference_high, n_before, n_after, own``. The latest session that has
        enough items on both sides (of its own site), up to `WINDOW` weeks each. Of a site's session every site has
        rows, `own` marks the site that had it; agreement of a site is that of items on which somebody of it had a say.
        Left out is agreement with the key where the key of one side is gold and that of the other audits.
    """
    columns = ["session", "site", "metric", *_ENDS, "n_before", "n_after", "own"]
    for one in held.itertuples():
        weeks = ([week for week in tables.weeks if week <= one.last_before][-WINDOW:],
                 [week for week in tables.weeks if week >= one.first_after][:WINDOW])  # fmt: skip
        sides = [_measured(tables, rows, labels, side, bool(one.site), confidence) for side in weeks]
        both = sides[0].merge(sides[1], on=["site", "metric"], suffixes=("_before", "_after"))
        both = both[~unlike(both["method_after"], both["method_before"])]
        both = both[both[["n_before", "n_after"]].min(axis=1) >= FEWEST_ITEMS]
        if len(both) and (not one.site or (both["site"] == one.site).any()):
            return _differences(one, both)[columns]
    return pd.DataFrame(columns=columns)


def _measured(tables, rows, labels, weeks, by_site: bool, confidence) -> pd.DataFrame:
    """Agreement with the key and with each other in these weeks: ``site, metric, estimate, ci_low, ci_high, n, method``."""
    keyed = measure(tables, "accuracy", ["site"] if by_site else [], weeks, confidence)
    then = rows[rows.groupby("item_id")["week"].transform("max").isin(weeks)]
    parts = [keyed if by_site else keyed.assign(site="all")]
    for site in sorted(then["site"].dropna().unique()) if by_site else ["all"]:
        of_site = then[then["item_id"].isin(then.loc[then["site"] == site, "item_id"])] if by_site else then
        parts.append(agreement(of_site, labels, metrics=["gwet_ac1"], confidence=confidence).assign(site=site))
    frame = pd.concat(parts)
    return frame.loc[frame["estimate"].notna(), ["site", "metric", "estimate", "ci_low", "ci_high", "n", "method"]]


def _differences(one, both: pd.DataFrame) -> pd.DataFrame:
    told = both[["site", "metric", "n_before", "n_after"]].assign(session=one.session, **_moved(both))
    told["own"] = (told["site"] == one.site) | (one.site == "")
    order = np.lexsort((told["site"], ~told["own"], told["metric"] != "accuracy"))
    return told.iloc[order].reset_index(drop=True)


def _moved(both: pd.DataFrame) -> dict:
    """Both sides and what lies between them, each with its interval, by column."""
    then, now = ([both[f"{name}_{side}"].to_numpy(float) for name in ("estimate", "ci_low", "ci_high")]
                 for side in ("before", "after"))  # fmt: skip
    moved = difference(*now, *then)
    return dict(zip(_ENDS, [*then, *now, moved.difference, moved.low, moved.high], strict=True))


def audits_lately(tables: Tables, confidence: float = 0.95) -> pd.DataFrame:
    """Do QAs miss or invent more errors in the last weeks than before, all of them together?

    What every QA begins to do at once singles out none of them: it is seen over time only.

    Returns
    -------
    DataFrame
        ``metric`` (``missed_error_rate, false_error_rate``), ``before`` and ``after`` (the last `WINDOW` weeks) and
        ``difference`` with their intervals, ``n_before, n_after``; of rates known on both sides.
    """
    columns = ["metric", *_ENDS, "n_before", "n_after"]
    early, late = tables.weeks[:-WINDOW], tables.weeks[-WINDOW:]
    if not early or tables.audits is None:
        return pd.DataFrame(columns=columns)
    sides = [pd.concat([measure(tables, name, [], weeks, confidence) for name in ("missed_error_rate", "false_error_rate")])
             for weeks in (early, late)]  # fmt: skip
    both = sides[0].merge(sides[1], on="metric", suffixes=("_before", "_after"))
    both = both[both[["estimate_before", "estimate_after"]].notna().all(axis=1)]
    return both[["metric", "n_before", "n_after"]].assign(**_moved(both))[columns].reset_index(drop=True)
