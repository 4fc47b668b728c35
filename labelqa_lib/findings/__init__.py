"""What needs attention: metric frames and targets in, ranked sentences out.

Thresholds and the wording of findings live here and nowhere else. A finding is made when an interval lies wholly on
the wrong side of a target, or when a segment moved more than a search over all segments finds by chance.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from labelqa_lib.findings.finding import SEVERITIES, Finding
from labelqa_lib.findings.mix import mixed
from labelqa_lib.findings.moves import moved
from labelqa_lib.findings.reading import RESTATED_TITLES, furthest, named, restated, restated_since, unanswered, worst
from labelqa_lib.findings.standing import against_targets, headline
from labelqa_lib.findings.standout import crowded, flattered, how_sure, out_of_control, standing_out
from labelqa_lib.findings.status import SINCE_TITLES, cause_status, since_last_week, status

__all__ = [
    "RESTATED_TITLES", "SEVERITIES", "SINCE_TITLES", "Finding", "cause_status", "find", "furthest", "headline", "how_sure",
    "named", "restated", "restated_since", "since_last_week", "status", "unanswered", "worst",
]  # fmt: skip


def find(
    standing: pd.DataFrame,
    moves: Sequence[pd.DataFrame],
    volume: float = 0.0,
    *,
    split: pd.DataFrame | None = None,
    spreads: Sequence[pd.DataFrame] = (),
    chart: pd.DataFrame | None = None,
    gaps: pd.DataFrame | None = None,
    corrected: pd.DataFrame | None = None,
) -> list[Finding]:
    """What needs a reader this week, most severe and largest first.

    Parameters
    ----------
    standing : DataFrame
        From `headline`.
    moves : sequence of DataFrame
        From `metrics.compare_segments`: segments against their baseline, a metric each.
    volume : float
        Annotations of the week, to turn a rate's shortfall into items.
    split : DataFrame, optional
        From `metrics.split_change`: whether the mix of work moved accuracy.
    spreads : sequence of DataFrame
        From `metrics.spread`: who stands out among agents, among sites.
    chart : DataFrame, optional
        From `metrics.control_chart`: whether the week left the usual range.
    gaps : DataFrame, optional
        From `metrics.critical_gaps`: whether critical errors come closer together.
    corrected : DataFrame, optional
        From `metrics.corrected`: whether the audits flatter.
    """
    found = against_targets(standing, volume) + moved(moves)
    for people in spreads:
        found += standing_out(people)
    if split is not None:
        found += mixed(split, standing["period"].max())
    if chart is not None:
        found += out_of_control(chart)
    if gaps is not None:
        found += crowded(gaps[gaps["period"] == standing["period"].max()])
    if corrected is not None:
        found += flattered(corrected)
    return sorted(found, key=lambda one: (SEVERITIES.index(one.severity), -one.size))
