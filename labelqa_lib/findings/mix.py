"""When a figure moved because the work changed, and not because anybody works differently."""

from __future__ import annotations

import pandas as pd

from labelqa_lib import wording
from labelqa_lib.findings.finding import Finding
from labelqa_lib.findings.moves import RELEVANT
from labelqa_lib.translation import N_, say


WITHIN_NOISE, NOBODY_WORSE = N_("within noise"), N_("within noise: nobody got worse")
_OWN = {
    NOBODY_WORSE: N_("its own change within every {dimension} is {change}, within noise: nobody got worse"),
    WITHIN_NOISE: N_("its own change within every {dimension} is {change}, within noise"),
    "": N_("its own change within every {dimension} is {change}"),
}


def verdict(split: pd.Series) -> str:
    """What may be said of the change within every segment: that nobody got worse only where it is less than what the mix moved."""
    if not split["rate_low"] <= 0 <= split["rate_high"]:
        return ""
    return NOBODY_WORSE if split["rate"] > -abs(split["mix"]) else WITHIN_NOISE


def mixed(split: pd.DataFrame, period: str) -> list[Finding]:
    """The mix part of a change of accuracy, when it is beyond noise and worth a reader.

    Parameters
    ----------
    split : DataFrame
        From `metrics.split_change`.
    period : str
        The report's week.
    """
    if split.empty:
        return []
    whole, segments = split.iloc[-1], split.iloc[:-1]
    if abs(whole["mix"]) < RELEVANT["rate"] / 2 or whole["mix_low"] <= 0 <= whole["mix_high"]:
        return []
    by = split.columns[0]
    noun = wording.dimension(by)
    grown = segments.loc[(segments["share"] - segments["share_before"]).abs().idxmax()]
    said = say(
        "The mix of work moved accuracy by {change} ({interval}): {segment} went from {before} to {now} of the work",
        change=wording.difference(whole["mix"], "rate"),
        interval=wording.ends(whole["mix_low"], whole["mix_high"], "rate"),
        segment=wording.segment({by: grown[by]}),
        before=wording.amount(grown["share_before"], "rate"),
        now=wording.amount(grown["share"], "rate"),
    )
    own = say(_OWN[verdict(whole)], dimension=noun, change=wording.difference(whole["rate"], "rate"))
    sentence = wording.parts(said, own)
    return [
        Finding(
            code=f"mix:accuracy:{by}",
            severity="know",
            sentence=sentence,
            size=0.0,
            evidence="split",
            metric="accuracy",
            period=period,
            segment={by: grown[by]},
            estimate=whole["mix"],
            ci_low=whole["mix_low"],
            ci_high=whole["mix_high"],
        )
    ]
