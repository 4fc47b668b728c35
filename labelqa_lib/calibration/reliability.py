"""What items are likely to be, and how each person errs, from annotations alone (and gold where there is any)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from labelqa_lib.calibration.overlap import known_agents
from labelqa_lib.stats import agreement, consensus

PRIOR_LABELS = 10.0
"""Labels of each kind that every agent is taken to have given before, as well as the average agent does: people with
few labels do not decide, and no label of which there are few is explained away."""

WORTH_TELLING = 0.05
"""A confusion of one person is told where it surely takes more of the label's items than this."""


def people_consensus(
    rows: pd.DataFrame, labels: Sequence[str], gold: pd.Series | None = None, confidence: float = 0.95
) -> consensus.Consensus | None:
    """The likeliest label of each item that several people labelled; None where there are none, or no agents.

    Parameters
    ----------
    rows : DataFrame
        From `overlap`; an agent's first answer to an item counts.
    labels : sequence of str
        The label set.
    gold : Series, optional
        Known labels by item; used where given.
    """
    known = known_agents(rows)
    if not len(known):
        return None
    return consensus.dawid_skene(
        known, gold, labels=labels, prior=_like_the_average(known, labels), confidence=confidence
    )


def _like_the_average(known: pd.DataFrame, labels: Sequence[str]) -> np.ndarray:
    """Labels given before, by true and given label, of an agent as accurate as agreement implies of two alike.

    Two agents with accuracy a and errors spread evenly agree on a² + (1 − a)²/(q − 1) of items; this is solved for a.
    """
    q, same = len(labels), agreement.percent_agreement(known).observed
    accuracy = (1 + np.sqrt(max((q - 1) * (q * same - 1), 0.0))) / q if q > 1 and same == same else 1.0
    return PRIOR_LABELS * np.where(np.eye(q, dtype=bool), accuracy, (1 - accuracy) / max(q - 1, 1))


def reliability(found: consensus.Consensus | None, minimum: int = 30) -> pd.DataFrame:
    """Whom can one believe? Expected share of right labels by agent, the least reliable for sure first.

    Returns
    -------
    DataFrame
        ``agent_id, estimate, ci_low, ci_high, n``, of agents with at least `minimum` labels on items of several people.
    """
    if found is None:
        return pd.DataFrame(columns=["agent_id", "estimate", "ci_low", "ci_high", "n"])
    enough = found.agents[found.agents["n"] >= minimum]
    return enough.rename(columns={"accuracy": "estimate"}).sort_values(["ci_high", "agent_id"], ignore_index=True)


def confusions(found: consensus.Consensus | None, minimum: int = 30, most: int = 15) -> pd.DataFrame:
    """Which person takes which label for which other, for sure? Cells of the confusion matrices, worst lower end first.

    Returns
    -------
    DataFrame
        ``agent_id, true_label, label, estimate, ci_low, ci_high, n``: of the agent's about `n` labels on items that are
        likely `true_label`, the share that got another `label`. Only agents with at least `minimum` labels, and shares
        that are surely above `WORTH_TELLING`.
    """
    columns = ["agent_id", "true_label", "label", "estimate", "ci_low", "ci_high", "n"]
    if found is None:
        return pd.DataFrame(columns=columns)
    enough = found.agents.loc[found.agents["n"] >= minimum, "agent_id"]
    cells = found.confusion.rename(columns={"probability": "estimate"})
    sure = (cells["true_label"] != cells["label"]) & (cells["ci_low"] > WORTH_TELLING)
    wrong = cells[cells["agent_id"].isin(enough) & sure]
    worst = wrong.sort_values(["ci_low", "agent_id"], ascending=[False, True]).head(most)
    return worst.assign(n=np.rint(worst["n"]).astype(int))[columns].reset_index(drop=True)
