"""What kind of cause is it? Confusions that grew, causes as auditors coded them, who works inside, when, how fast."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from labelqa_lib.causes.cause import Cause
from labelqa_lib.causes.inside import each, moved
from labelqa_lib.metrics.audited import PEOPLE_WITH_FEW
from labelqa_lib.translation import N_

MOST_PAIRS = 4
"""So many grown confusions are told of each cause."""

NEWCOMERS = ("0-2 weeks", "3-5 weeks")
"""Bands of tenure in which somebody is new."""

MOST_ERRORS = (
    N_("labelled by the agent with most errors"),
    N_("labelled by the two agents with most errors"),
    N_("labelled by the three agents with most errors"),
)
"""So many agents at most are looked at together; fewer where fewer have errors."""

NIGHT, WEEKEND = "night 22-06", ("Saturday", "Sunday")


def confusions(
    audited: pd.DataFrame, causes: Sequence[Cause], recent: Sequence[str], confidence: float = 0.95
) -> pd.DataFrame:
    """Which labels are taken for which more often than before, inside each cause?

    Parameters
    ----------
    audited : DataFrame
        From `metrics.audited.audited_rows`: the weeks explained and those compared with.
    causes : sequence of Cause
    recent : sequence of str
        The weeks explained.
    confidence : float
        Of the intervals, in (0, 1).

    Returns
    -------
    DataFrame
        ``cause, reference_label, label, more, more_low, more_high`` (errors in the recent weeks beyond what the share
        before would have made, weighted), ``before, now`` (share of the rows inside), ``n`` (errors of the pair seen
        now), ``part`` (of the growth of all pairs that grew): the `MOST_PAIRS` that grew most of each cause.
    """
    columns = ["cause", "reference_label", "label", "more", "more_low", "more_high", "before", "now", "n", "part"]
    found = []
    for name, _cause, rows in each(audited, causes, recent):
        total = rows.loc[rows["now"], "weight"].sum()
        wrong = rows[rows["now"] & (rows["is_error"] == 1)]
        pairs = []
        for (truth, given), seen in wrong.groupby(["reference_label", "label"]):
            hit = (rows["reference_label"] == truth) & (rows["label"] == given)
            share = moved(rows, hit, confidence)
            ends = [total * bound for bound in (share.difference, share.low, share.high)]
            pairs.append((name, truth, given, *ends, share.before, share.now, len(seen)))
        grown = [pair for pair in pairs if pair[3] > 0]
        whole = sum(pair[3] for pair in grown)
        ordered = sorted(grown, key=lambda pair: (-pair[3], pair[1:3]))[:MOST_PAIRS]
        found += [(*pair, pair[3] / whole) for pair in ordered]
    return pd.DataFrame(found, columns=columns)


def coded_causes(
    audited: pd.DataFrame, causes: Sequence[Cause], recent: Sequence[str], confidence: float = 0.95
) -> pd.DataFrame:
    """What do auditors give as the cause of the errors inside?

    Parameters
    ----------
    audited, causes, recent, confidence
        As in `confusions`.

    Returns
    -------
    DataFrame
        ``cause, error_cause, difference, difference_low, difference_high, before, now`` (shares of the coded errors
        inside), ``n`` (errors with that code now), the most frequent first; empty where auditors code nothing.
    """
    columns = ["cause", "error_cause", "difference", "difference_low", "difference_high", "before", "now", "n"]
    found = []
    for name, _cause, rows in each(audited, causes, recent):
        rows = rows[(rows["is_error"] == 1) & rows["error_cause"].notna()]
        counts = rows.loc[rows["now"], "error_cause"].value_counts()
        for code in sorted(counts.index, key=lambda code: (-counts[code], code)):
            share = moved(rows, rows["error_cause"] == code, confidence)
            found.append((name, code, share.difference, share.low, share.high, share.before, share.now, counts[code]))
    return pd.DataFrame(found, columns=columns)


def circumstances(audited: pd.DataFrame, causes: Sequence[Cause], recent: Sequence[str]) -> pd.DataFrame:
    """Do the errors inside sit with new joiners, in the night, at the weekend, or with a few agents?

    Parameters
    ----------
    audited, causes, recent
        As in `confusions`.

    Returns
    -------
    DataFrame
        ``cause, circumstance, rows_before, rows_now`` (share of the rows inside), ``errors_now`` (share of the errors
        inside) and ``p_value`` (Fisher's exact test, one-sided: are errors inside more frequent in this circumstance?;
        NaN for the agents, who are chosen for having most errors). A circumstance without rows is left out. Agents
        pooled for their few items are none of those with most errors, but part of the whole that shares are of.
    """
    found = []
    for name, _cause, rows in each(audited, causes, recent):
        for said, holds, chosen in _circumstances(rows):
            now = rows["now"]
            wrong = now & (rows["is_error"] == 1)
            if not wrong.any() or not holds[now].any():
                continue
            table = [[(holds & wrong).sum(), (~holds & wrong).sum()],
                     [(holds & now & ~wrong).sum(), (~holds & now & ~wrong).sum()]]  # fmt: skip
            p_value = np.nan if chosen else stats.fisher_exact(table, alternative="greater").pvalue
            shares = [_share(holds, rows["weight"], among) for among in (~now, now, wrong)]
            found.append((name, said, *shares, p_value))
    return pd.DataFrame(found, columns=["cause", "circumstance", "rows_before", "rows_now", "errors_now", "p_value"])


def _circumstances(rows: pd.DataFrame) -> list[tuple[str, pd.Series, bool]]:
    """What it is called, where it holds, and whether it was chosen for its errors."""
    given = [
        (N_("labelled by agents in their first six weeks"), rows["tenure"].isin(NEWCOMERS), "tenure"),
        (N_("labelled at night (22-06 local time)"), rows["shift"] == NIGHT, "shift"),
        (N_("labelled on Saturday or Sunday"), rows["weekday"].isin(WEEKEND), "weekday"),
    ]
    told = [(said, holds, False) for said, holds, column in given if rows[column].notna().any()]
    worst = _with_most_errors(rows)
    return [*told, (MOST_ERRORS[len(worst) - 1], rows["agent_id"].isin(worst), True)] if worst else told


def _with_most_errors(rows: pd.DataFrame) -> list[str]:
    wrong = rows[rows["now"] & (rows["is_error"] == 1)].groupby("agent_id").size()
    wrong = wrong.drop(PEOPLE_WITH_FEW["agent_id"], errors="ignore")
    return sorted(wrong.index, key=lambda agent: (-wrong[agent], agent))[: len(MOST_ERRORS)]


def _share(holds: pd.Series, weight: pd.Series, among: pd.Series) -> float:
    return float(weight[holds & among].sum() / weight[among].sum()) if among.any() else np.nan


def pace(
    audited: pd.DataFrame, causes: Sequence[Cause], recent: Sequence[str], confidence: float = 0.95
) -> pd.DataFrame:
    """Do agents inside work faster or slower than before?

    Parameters
    ----------
    audited, causes, recent, confidence
        As in `confusions`.

    Returns
    -------
    DataFrame
        ``cause, before, now`` (typical handle time in seconds: the geometric mean), ``ratio, ratio_low, ratio_high``
        (now / before; Welch's interval of the difference of logarithms), ``n``. Empty without handle times.
    """
    found = []
    for name, _cause, rows in each(audited, causes, recent):
        timed = rows[rows["handle_seconds"] > 0]
        sides = [np.log(timed.loc[timed["now"] == when, "handle_seconds"].to_numpy(float)) for when in (False, True)]
        if min(map(len, sides)) < 2:
            continue
        before, now = (side.mean() for side in sides)
        test = stats.ttest_ind(sides[1], sides[0], equal_var=False).confidence_interval(confidence)
        bounds = np.exp([now - before, test.low, test.high])
        found.append((name, np.exp(before), np.exp(now), *bounds, len(sides[1])))
    return pd.DataFrame(found, columns=["cause", "before", "now", "ratio", "ratio_low", "ratio_high", "n"])
