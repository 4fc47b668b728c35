"""The questions that a page asks of the engine: about a week's change, about a lasting level, about peers."""

from __future__ import annotations

import pandas as pd

from labelqa_lib.causes.cause import Cause
from labelqa_lib.causes.explain import explain_change, explain_level
from labelqa_lib.metrics.audited import dimensions

WORK = ("queue", "reference_label")
"""What makes work easy or hard: who has the same of both is a peer."""

NOT_SEARCHED = ("label", "sop_version")
"""With the reference label the label given says itself whether a row is wrong; a new SOP version has no baseline of its
own, and is looked at as a jump at its date. Both are told of a cause, and never are one."""

NOT_WHO = (*NOT_SEARCHED, *WORK, "policy_area", "content_type", "language", "score_band")
"""Dimensions of the work; the rest say who did it, where and when."""


def week_causes(audited: pd.DataFrame, week: str, alpha: float = 0.05, fewest: int = 0) -> list[Cause]:
    """Where did the error rate rise in `week` against the other weeks?

    Parameters
    ----------
    audited : DataFrame
        From `metrics.audited.audited_rows`.
    week : str
        ISO week; every other week of `audited` is its baseline.
    alpha : float
        Chance of naming any segment where nothing changed, in (0, 1).
    fewest : int
        Causes on fewer judged rows, now or before, are not told.

    Returns
    -------
    list of Cause
        Ranked; empty where nothing rose beyond chance, or one of the two periods has no judged row.
    """
    now = audited["week"] == week
    searched = dimensions(audited, NOT_SEARCHED)
    if not (searched and now.any() and (~now).any()):
        return []
    return _told(explain_change(audited[~now], audited[now], searched, weight="weight", alpha=alpha), fewest)


def _told(causes: list[Cause], fewest: int) -> list[Cause]:
    """Causes of which each period has enough rows, or none."""
    return [one for one in causes if not any(0 < n < fewest for n in (one.n_baseline, one.n_current))]


def above_market(audited: pd.DataFrame, alpha: float = 0.05, fewest: int = 0) -> list[Cause]:
    """Where is the error rate higher than that of the whole market?

    Parameters
    ----------
    audited, alpha, fewest
        As in `week_causes`; all weeks are pooled.
    """
    searched = dimensions(audited, NOT_SEARCHED)
    return _told(explain_level(audited, searched, weight="weight", alpha=alpha), fewest) if searched else []


def above_target(
    audited: pd.DataFrame, accuracy: float | None, alpha: float = 0.05, fewest: int = 0
) -> list[Cause]:
    """Where is the error rate higher than the market's target allows?

    Parameters
    ----------
    audited, alpha, fewest
        As in `week_causes`; all weeks are pooled.
    accuracy : float or None
        The target, in (0, 1); without one nothing can lie beyond it.
    """
    searched = dimensions(audited, NOT_SEARCHED)
    if not searched or accuracy is None:
        return []
    found = explain_level(audited, searched, weight="weight", alpha=alpha, target=1 - accuracy)
    return _told(found, fewest)


def above_peers(audited: pd.DataFrame, alpha: float = 0.05, fewest: int = 0) -> list[Cause]:
    """Who, where or when is the error rate higher than the same queues and reference labels explain?

    Parameters
    ----------
    audited, alpha, fewest
        As in `week_causes`; all weeks are pooled.
    """
    there = dimensions(audited, NOT_SEARCHED)
    searched = [name for name in there if name not in NOT_WHO]
    work = [name for name in there if name in WORK]
    found = explain_level(audited, searched, weight="weight", alpha=alpha, explained_by=work) if searched else []
    return _told(found, fewest)
