"""How many people work where, and what an audit takes: what a remedy costs is counted from it."""

from __future__ import annotations

import ibis
import pandas as pd
from ibis import _

from labelqa_lib.metrics.judged import annotated
from labelqa_lib.metrics.metric import WEEK
from labelqa_lib.store import Tables, fetch

EVERYWHERE = ""
"""The site under which `staff` counts all of them together."""


def staff(tables: Tables, minutes_factor: float = 1.0) -> pd.DataFrame:
    """How many agents and QAs worked in the last week, and how long does an audit take?

    Parameters
    ----------
    tables : Tables
    minutes_factor : float
        Minutes of an audit, in handle times of the annotation audited; positive.

    Returns
    -------
    DataFrame
        One row per site and a first one with site ``""`` for all of them: ``site, agents, auditors`` (people; 0 where
        nobody is told apart) and ``minutes`` (of an audit; NaN where no handle time was delivered). Of a cut snapshot,
        figures on fewer annotations than a figure may rest on are left out.
    """
    made = annotated(tables).filter(_[WEEK] == tables.weeks[-1])
    made = made.select("annotation_id", **_columns(made))
    counts = {"agents": _.agent_id.nunique(), "seconds": _.handle_seconds.mean(), "n": _.count()}
    parts = [fetch(made.aggregate(**counts)).assign(site=EVERYWHERE), fetch(made.aggregate(by="site", **counts))]
    frame = pd.concat(parts, ignore_index=True).dropna(subset="site")
    frame = frame[frame["n"] >= tables.snapshot.smallest_cell].sort_values("site", kind="stable", ignore_index=True)
    return frame.assign(
        auditors=frame["site"].map(_auditors(tables, made)).fillna(0).astype("int64"),
        minutes=frame["seconds"].astype(float).to_numpy() * minutes_factor / 60,
    )[["site", "agents", "auditors", "minutes"]]


def _columns(made) -> dict:
    """The columns counted by, empty where a delivery has none."""
    kinds = {"site": "string", "agent_id": "string", "handle_seconds": "float64"}
    return {name: (made[name] if name in made.columns else ibis.null(kind)) for name, kind in kinds.items()}


def _auditors(tables: Tables, made) -> dict[str, int]:
    """Site -> who audited its work in the week."""
    if tables.audits is None:
        return {}
    seen = tables.audits.filter(_.tier == 1).select("annotation_id", "auditor_id").join(made, "annotation_id")
    by_site = fetch(seen.aggregate(by="site", n=_.auditor_id.nunique())).dropna(subset="site")
    every = fetch(seen.aggregate(n=_.auditor_id.nunique()))["n"].iloc[0]
    return {EVERYWHERE: int(every), **dict(zip(by_site["site"], by_site["n"].astype(int), strict=True))}
