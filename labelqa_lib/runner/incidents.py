"""Findings of several pages that speak of one incident, told once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_ABOUT_LABELS = {"accuracy", "accuracy_corrected", "error_rate"}
"""Metrics of one and the same thing: labels that are wrong."""


def told_once(findings: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], list[Mapping[str, Any]]]]:
    """Which findings lead, and which only repeat one of them?

    Parameters
    ----------
    findings : sequence of mapping
        The strongest first; each with ``market``, and ``code, metric, segment, also, sentence`` as in `findings.json`.

    Returns
    -------
    list of (leader, those that say the same)
        Leaders in the order given. A finding repeats a leader of its own market that says the same sentence, or is about
        the same metric with both about the whole market, or with the one's segment inside the other's, or one in which the
        other says that the same may be seen. Never through a third one: two segments of one site stay two incidents.
    """
    told: list[tuple[Mapping, list[Mapping]]] = []
    for one in findings:
        same = next((others for leader, others in told if _same(one, leader)), None)
        if same is None:
            told.append((one, []))
        else:
            same.append(one)
    return told


def _same(one: Mapping[str, Any], leader: Mapping[str, Any]) -> bool:
    if one["market"] != leader["market"]:
        return False
    if one["sentence"] == leader["sentence"]:
        return True
    if not _about(one) or _about(one) != _about(leader):
        return False
    ours, theirs = _segment(one), _segment(leader)
    if not ours or not theirs:
        return ours == theirs
    return ours <= theirs or theirs <= ours or ours in _also(leader) or theirs in _also(one)


def _about(one: Mapping[str, Any]) -> str:
    metric = str(one.get("metric") or "")
    return "labels" if metric in _ABOUT_LABELS or str(one["code"]).startswith("split:") else metric


def _segment(one: Mapping[str, Any]) -> set[tuple[str, str]]:
    return set((one.get("segment") or {}).items())


def _also(one: Mapping[str, Any]) -> list[set[tuple[str, str]]]:
    return [set(segment.items()) for segment in one.get("also") or ()]
