"""Published tables of annotations as long tables, and random ones with what other packages say of them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

FIXTURES = Path(__file__).parent / "fixtures"

# Krippendorff (2011), section C, as in Gwet (2014): items x four observers, "." is missing
FOUR_OBSERVERS = """
    1 1 . 1 | 2 2 3 2 | 3 3 3 3 | 3 3 3 3 | 2 2 2 2 | 1 2 3 4 | 4 4 4 4 | 1 1 2 1 | 2 2 2 2 | . 5 5 5 | . . 1 1 | . . 3 .
"""
# Gwet (2014): 15 items x five observers, with a label 0
FIVE_OBSERVERS = """
    1 1 2 . 2 | 1 1 0 1 . | 2 3 3 3 . | . 0 0 . 0 | 0 0 0 . 0 | 0 0 0 . 0 | 1 0 2 . 1 | 1 . 2 0 . | 2 2 2 . 2 |
    2 1 1 1 . | . 1 0 0 . | 0 0 0 0 . | 1 2 2 2 . | 3 3 2 2 3 | 1 1 1 . 1
"""
ABSTRACTORS = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]
DIAGNOSES = [[40, 6, 4, 15], [4, 25, 1, 5], [4, 2, 21, 9], [17, 13, 12, 45]]


def observed(text: str) -> pd.DataFrame:
    """A written table as a long one."""
    items = [item.split() for item in text.strip().split("|")]
    rows = [
        (place, f"observer {agent}", float(label))
        for place, item in enumerate(items)
        for agent, label in enumerate(item, 1)
        if label != "."
    ]
    return pd.DataFrame(rows, columns=["item_id", "agent_id", "label"])


def crossed(table: list[list[int]]) -> pd.DataFrame:
    """Two agents' contingency table as a long table; labels are 1, 2, …"""
    pairs = [
        (first, second)
        for first, row in enumerate(table, 1)
        for second, count in enumerate(row, 1)
        for _ in range(count)
    ]
    return two_agents(*zip(*pairs, strict=True))


def two_agents(first, second) -> pd.DataFrame:
    """Two agents' labels, item by item."""
    both = pd.DataFrame({"A": list(first), "B": list(second)}).rename_axis("item_id").reset_index()
    return both.melt("item_id", var_name="agent_id", value_name="label")


def counted(frame: pd.DataFrame) -> pd.DataFrame:
    """Counts by item (rows) and label (columns) as a long table; who gave a label is not known."""
    rows = [
        (item, f"{item}-{label}-{copy}", label)
        for item, row in enumerate(frame.to_dict("records"))
        for label, count in row.items()
        for copy in range(count)
    ]
    return pd.DataFrame(rows, columns=["item_id", "agent_id", "label"])


def random_tables() -> dict[int, pd.DataFrame]:
    """The random tables that other packages were asked about, by number."""
    return dict(iter(pd.read_csv(FIXTURES / "agreement_tables.csv").groupby("table")))


def oracle(name: str) -> pd.DataFrame:
    """What another package says of them."""
    return pd.read_csv(FIXTURES / f"oracle_{name}.csv")
