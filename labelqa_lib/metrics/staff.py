"""How many people work where, and what an audit takes: what a remedy costs is counted from it."""

from __future__ import annotations

import pandas as pd
from ibis import _

from labelqa_lib.metrics.annotated import annotated, looked_at_here
from labelqa_lib.metrics.cells import in_pandas
from labelqa_lib.metrics.made import made
from labelqa_lib.metrics.metric import WEEK
from labelqa_lib.metrics.references import beside
from labelqa_lib.store import Tables
from labelqa_lib.telling import told_by

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
    by_agent = made(tables, ["site", "agent_id"], tables.weeks[-1:])
    by_agent = pd.concat([by_agent.assign(site=EVERYWHERE), by_agent], ignore_index=True)
    frame = by_agent.groupby("site", as_index=False).agg(
        agents=("agent_id", "nunique"), seconds=("seconds", "sum"), timed=("timed", "sum"), n=("rows", "sum")
    )
    frame = frame[frame["n"] >= tables.snapshot.smallest_cell].sort_values("site", kind="stable", ignore_index=True)
    return frame.assign(
        auditors=frame["site"].map(_auditors(tables)).fillna(0).astype("int64"),
        minutes=(frame["seconds"] / frame["timed"]).to_numpy(dtype=float) * minutes_factor / 60,
    )[["site", "agents", "auditors", "minutes"]]


def _auditors(tables: Tables) -> dict[str, int]:
    """Site -> who audited its work in the week."""
    if tables.audits is None:
        return {}
    made = annotated(tables) if tables.market is None else looked_at_here(tables)
    audits = beside(made, tables, "audits").filter(_.tier == 1).select("annotation_id", "auditor_id")
    seen = told_by(audits, made.filter(_[WEEK] == tables.weeks[-1]).select("annotation_id", "site"), ["annotation_id"], always=True)
    seen = in_pandas(seen.select("site", "auditor_id").distinct())
    return {EVERYWHERE: seen["auditor_id"].nunique(), **seen.groupby("site")["auditor_id"].nunique().to_dict()}
