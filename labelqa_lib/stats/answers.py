"""Who gave which label to which item: a long table read into arrays of codes.

The only place of this room that knows column names; `agreement` and `consensus` take such a table from a notebook.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa_lib.errors import UsageError

ITEM, AGENT, LABEL = "item_id", "agent_id", "label"
MOST_LABELS = 5_000


@dataclass(frozen=True)
class Answers:
    """Annotations as codes: row j says that agent `agent[j]` gave item `item[j]` the label `label[j]`.

    Attributes
    ----------
    item, label : array of int, shape (annotations,)
        Codes into `items` and `labels`.
    agent : array of int, shape (annotations,), or None
        Codes into `agents`. None where they were not asked for.
    items, agents : Index
        What the codes stand for.
    labels : list
        In their order: as given, else sorted.
    ordered : bool
        Whether that order was declared, by a label set or an ordered categorical column: the alphabet is no scale.
    """

    item: NDArray[np.int64]
    agent: NDArray[np.int64] | None
    label: NDArray[np.int64]
    items: pd.Index
    agents: pd.Index
    labels: list
    ordered: bool


def read_answers(annotations: pd.DataFrame, labels: Iterable | None = None, needs_agents: bool = False) -> Answers:
    """Read a long table with the columns ``item_id, label`` and, where it matters who gave a label, ``agent_id``.

    Parameters
    ----------
    annotations : DataFrame
        One row per annotation. A row without label is a missing annotation and left out. Other columns are ignored.
    labels : iterable, optional
        The label set in its order, also of labels that nobody used; the labels seen by default, sorted, or in the order
        of an ordered categorical column.
    needs_agents : bool
        Whether agents are read, and an annotation without one is refused.

    Raises
    ------
    UsageError
        When it is no table, a column is missing or there twice, an item or (where needed) an agent is empty, a label is
        a list or not in the label set, or there are too many labels.
    """
    if not isinstance(annotations, pd.DataFrame):
        raise UsageError(
            f"annotations are a {type(annotations).__name__}; give a pandas DataFrame with a row per annotation and the "
            f"columns {ITEM}, {AGENT}, {LABEL}"
        )
    required = [ITEM, AGENT, LABEL] if needs_agents else [ITEM, LABEL]
    missing = [name for name in required if name not in annotations.columns]
    if missing:
        raise UsageError(
            f"annotations have no column {', '.join(missing)}; give a row per annotation with {', '.join(required)}"
        )
    twice = [name for name in required if (annotations.columns == name).sum() > 1]
    if twice:
        raise UsageError(f"annotations have several columns {', '.join(twice)}; keep the one that is meant")
    if annotations[LABEL].isna().any():
        annotations = annotations[annotations[LABEL].notna()]
    item, items = pd.factorize(annotations[ITEM])
    if (item < 0).any():
        raise UsageError(f"{(item < 0).sum():,} annotations have no item_id; leave them out or name their items")
    try:
        label, known = _label_codes(annotations[LABEL], labels)
    except TypeError:
        raise UsageError("a label is one text or one number; write several labels of an annotation as one text") from None
    ordered = labels is not None or bool(getattr(annotations[LABEL].dtype, "ordered", False))
    agent, agents = None, pd.Index([])
    if needs_agents:
        agent, agents = pd.factorize(annotations[AGENT])
        if (agent < 0).any():
            raise UsageError(
                f"{(agent < 0).sum():,} annotations have no agent_id; without agents nobody's reliability can be told"
            )
    return Answers(item, agent, label, pd.Index(items), pd.Index(agents), known, ordered)


def _label_codes(column: pd.Series, labels: Iterable | None) -> tuple[NDArray[np.int64], list]:
    if labels is None:
        if isinstance(column.dtype, pd.CategoricalDtype) and not column.dtype.ordered:
            column = column.astype(column.dtype.categories.dtype)  # else sorted by an order that means nothing
        codes, seen = pd.factorize(column, sort=True)
        return codes, _few(list(seen))
    known = _few(list(labels))
    if len(set(known)) < len(known):
        raise UsageError(f"the label set names a label twice: {', '.join(map(str, known))}")
    codes, seen = pd.factorize(column)
    place = {label: code for code, label in enumerate(known)}
    strange = sorted({str(label) for label in seen if label not in place})
    if strange:
        raise UsageError(f"{', '.join(strange)}: not in the label set, which is {', '.join(map(str, known))}")
    return np.array([place[label] for label in seen], dtype=np.int64)[codes], known


def _few(labels: list) -> list:
    """What two labels have in common is a matrix: free text or measurements as labels would fill the memory."""
    if len(labels) > MOST_LABELS:
        raise UsageError(
            f"there are {len(labels):,} different labels, from {labels[0]!r} to {labels[-1]!r}; at most {MOST_LABELS:,} are "
            "taken: group or round them first"
        )
    return labels
