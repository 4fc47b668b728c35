"""Rows as `calibration.overlap` gives them, written by hand or drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd

LABELS = ["ok", "spam", "hate"]


def overlapping(*rows: tuple, **common) -> pd.DataFrame:
    """Rows of item, agent, label and, where they matter, site and week."""
    frame = pd.DataFrame(rows, columns=["item_id", "agent_id", "label", "site", "week"][: len(rows[0])])
    for name, value in ({"site": "K", "week": "2026-W46", "queue": "q", "policy_area": "area"} | common).items():
        if name not in frame:
            frame[name] = value
    frame["annotation_id"] = [f"a{place}" for place in range(len(frame))]
    again = frame.duplicated(["item_id", "agent_id"]) & frame["agent_id"].notna()
    return frame.assign(repeated=again)


def drawn(
    items: int = 300,
    agents: int = 20,
    each: int = 5,
    accuracy: float = 0.85,
    hard: float = 0.3,
    seed: int = 0,
    shares=(0.6, 0.3, 0.1),
) -> pd.DataFrame:
    """Ordinary work: people err on their own, more on hard items, and on those mostly alike."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(len(LABELS), size=items, p=shares)
    lure = (truth + rng.integers(1, len(LABELS), size=items)) % len(LABELS)  # what a hard item is taken for
    difficult = rng.random(items) < hard
    who = np.argsort(rng.random((items, agents)), axis=1)[:, :each]
    skill = np.clip(rng.normal(accuracy, 0.05, agents), 0.5, 0.99)[who] - 0.15 * difficult[:, None]
    right = rng.random(who.shape) < skill
    label = np.where(right, truth[:, None], lure[:, None])
    return overlapping(
        *zip(
            np.repeat(np.arange(items), each).astype(str),
            np.char.add("agent ", who.ravel().astype(str)),
            np.array(LABELS)[label.ravel()],
            strict=True,
        )
    )
