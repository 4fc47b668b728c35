"""Errors too rare for a rate by week: how many good items lie between one and the next?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelqa_lib.metrics.cells import fetched
from labelqa_lib.metrics.judged import sampled
from labelqa_lib.metrics.metric import WEEK
from labelqa_lib.stats import control
from labelqa_lib.store import Tables
from labelqa_lib.translation import say

FEWEST_ERRORS = 12
"""Critical errors before the last week that limits need."""


def critical_gaps(tables: Tables, rules: str = "nhs") -> pd.DataFrame:
    """Do critical errors come closer together than they did?

    Parameters
    ----------
    tables : Tables
        Errors of all weeks before the last one are baseline.
    rules : {"nhs", "western_electric"}
        Run rules.

    Returns
    -------
    DataFrame
        One row per critical error but the first, in time: ``period`` (its week), ``gap`` (judged items without one
        since the error before), ``centre, lower, upper`` (NaN with a ``reason`` where there are none) and ``signal``
        (the rules complete there, in words, "" else). Empty where there are fewer than two.

    Notes
    -----
    A g chart (`stats.control.g_chart`) of the rate sample in the order of annotation. Items count once each, whatever
    they weigh: drawing where errors are likelier makes all gaps shorter, before and in the last week alike.
    """
    rows, _basis = sampled(tables, tables.weeks)
    rows = fetched(rows, ["annotated_at", WEEK, "critical_error"], "annotation_id")
    rows = rows.sort_values("annotated_at", kind="stable", ignore_index=True)
    places = np.flatnonzero(rows["critical_error"].fillna(False))
    gaps, periods = np.diff(places) - 1.0, rows[WEEK].to_numpy()[places[1:]]
    baseline = periods < tables.weeks[-1]
    enough = baseline.sum() >= FEWEST_ERRORS
    chart = control.g_chart(gaps, baseline & enough, rules=rules)
    why = say(
        "limits need {n} critical errors before this week; there are {known}", n=FEWEST_ERRORS, known=int(baseline.sum())
    )
    return pd.DataFrame({
        "period": pd.Series(periods, dtype="str"),
        "gap": gaps,
        "centre": chart.centre,
        "lower": chart.lower,
        "upper": chart.upper,
        "signal": pd.Series(chart.signals, dtype="str"),
        "reason": pd.Series("" if enough else why, index=range(len(gaps)), dtype="str"),
    })  # fmt: skip
