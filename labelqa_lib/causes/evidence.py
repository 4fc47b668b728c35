"""Everything that the audited rows say of the causes found, in one place for a page and its findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from labelqa_lib.causes import auditing, kinds, timing
from labelqa_lib.causes.cause import Cause
from labelqa_lib.causes.examples import examples
from labelqa_lib.metrics.withheld import enough
from labelqa_lib.store import Tables, fetch


COUNTS = ("n", "marked", "rechecked", "audits", "errors", "on_gold", "on_changed_gold", "rows_before", "rows_now", "errors_now")
"""Columns of the frames that count rows."""


@dataclass(frozen=True)
class Evidence:
    """Frames with a row or more per cause, named in their column ``cause``; each as its function describes it.

    `volume` is what the judged rows of the last week stand for: Σ w.
    """

    confusions: pd.DataFrame
    coded: pd.DataFrame
    circumstances: pd.DataFrame
    pace: pd.DataFrame
    since: pd.DataFrame
    weekly: pd.DataFrame
    instructions: pd.DataFrame
    second_audits: pd.DataFrame
    auditors: pd.DataFrame
    gold: pd.DataFrame
    examples: pd.DataFrame
    volume: float


def evidence(
    tables: Tables, audited: pd.DataFrame, causes: Sequence[Cause], confidence: float = 0.95, most: int = 20
) -> Evidence:
    """What kind of cause is each, since when, and which items show it?

    Parameters
    ----------
    tables : Tables
        Their last week is the one explained; SOP versions and gold are taken from them where delivered.
    audited : DataFrame
        From `metrics.audited.audited_rows`, all weeks.
    causes : sequence of Cause
        From `explain_change`.
    confidence : float
        Of the intervals, in (0, 1).
    most : int
        Examples of each cause.
    """
    asked = (audited, causes, tables.weeks[-1:])
    sop = None if tables.sop_versions is None else fetch(tables.sop_versions)
    gold = None if tables.gold is None else fetch(tables.gold.select("item_id", "gold_label"))
    found = Evidence(
        confusions=kinds.confusions(*asked, confidence),
        coded=kinds.coded_causes(*asked, confidence),
        circumstances=kinds.circumstances(*asked),
        pace=kinds.pace(*asked, confidence),
        since=timing.since_when(*asked, confidence),
        weekly=timing.weekly(*asked, confidence),
        instructions=timing.instructions(*asked, sop, confidence, tables.snapshot.time_zone(tables.market)),
        second_audits=auditing.second_audits(*asked, confidence),
        auditors=auditing.auditors(*asked),
        gold=auditing.gold_changes(*asked, gold),
        examples=examples(*asked, most),
        volume=float(audited.loc[audited["week"] == tables.weeks[-1], "weight"].sum()),
    )
    return _shown(found, tables) if tables.snapshot.smallest_cell else found


def _shown(found: Evidence, tables: Tables) -> Evidence:
    """What a cut snapshot's readers may see: rows that count enough of everything they count. Codes of errors are said
    as parts of all codes, so that a cause has all of them or none."""
    frames = {name: frame for name, frame in vars(found).items() if isinstance(frame, pd.DataFrame)}
    kept = {name: enough(frame, tables, *(one for one in COUNTS if one in frame)) for name, frame in frames.items()}
    some = kept["coded"]
    whole = some["cause"].map(some["cause"].value_counts()) == some["cause"].map(found.coded["cause"].value_counts())
    kept["coded"] = some[whole].reset_index(drop=True)
    return replace(found, **kept)
