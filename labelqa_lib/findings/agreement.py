"""How much people agree, in words: coefficients read together, the paradox of kappa, labels that are not shared."""

from __future__ import annotations

import pandas as pd

from labelqa_lib import wording
from labelqa_lib.findings.finding import Finding
from labelqa_lib.translation import say

TENTATIVE, RELIABLE = 0.667, 0.8
"""Krippendorff (2004), Content Analysis, p. 241: below the first not even tentative conclusions."""

PARADOX_GAP = 0.15
"""AC1 above alpha by so much, while this share of pairs agrees: the paradox of kappa."""
PARADOX_AGREEMENT = 0.70

MOST_NAMED = 4


def read_agreement(summary: pd.DataFrame, shares: pd.Series) -> str:
    """How much do people agree, in words for the market's lead, and why do the figures differ from each other?"""
    row = summary.set_index("metric")
    if row["estimate"].isna().all():
        return say("Agreement is not known: no item was labelled by two people.")
    percent, alpha, ac1 = (row.loc[name] for name in ("percent_agreement", "krippendorff_alpha", "gwet_ac1"))
    said = say(
        "On {items} that several people labelled, two labels are the same {estimate} of the time.",
        items=wording.count(percent["n"], "{n} item", "{n} items"),
        estimate=wording.estimate(percent["estimate"], percent["ci_low"], percent["ci_high"], "rate"),
    )
    if pd.isna(alpha["estimate"]):
        undefined = say("Agreement beyond chance is not defined: {reason}.", reason=wording.said(alpha["reason"]))
        return wording.sentences(said, undefined)
    beyond = say(
        "Beyond chance that is {ac1} by Gwet's AC1 and {alpha} by Krippendorff's alpha.",
        ac1=_coefficient(ac1), alpha=_coefficient(alpha),
    )  # fmt: skip
    if _paradox(percent, alpha, ac1):
        chance = say("Agents agree mostly by chance.")
        return wording.sentences(chance, said, beyond, _why_paradox(percent, alpha, shares))
    differ = ""
    if ac1["estimate"] - alpha["estimate"] >= PARADOX_GAP / 2:
        most, share = shares.idxmax(), wording.amount(shares.max(), "rate")
        differ = say("They differ because {label} takes {share} of all labels.", label=most, share=share)
    return wording.sentences(_answer(alpha), said, beyond, differ, _reading(alpha))


def _answer(alpha: pd.Series) -> str:
    """The page's question, answered in one sentence."""
    if alpha["ci_high"] < TENTATIVE:
        return say("Agents do not mean the same thing.")
    if alpha["ci_low"] >= RELIABLE:
        return say("Agents mean the same thing.")
    if alpha["ci_low"] >= TENTATIVE:
        return say("Agents mean much the same thing.")
    return say("Agents may not mean the same thing.")


def _reading(alpha: pd.Series) -> str:
    """What Krippendorff's bounds say of it."""
    if alpha["ci_high"] < TENTATIVE:
        return say(
            "That is surely below {bound}: nothing should be concluded from single labels.",
            bound=wording.written(f"{TENTATIVE:g}"),
        )
    if alpha["ci_low"] >= RELIABLE:
        return say("That is reliable (alpha surely above {bound}).", bound=wording.written(f"{RELIABLE:g}"))
    if alpha["ci_low"] >= TENTATIVE:
        return say(
            "That carries tentative conclusions (alpha surely above {bound}, not surely above {reliable}).",
            bound=wording.written(f"{TENTATIVE:g}"), reliable=wording.written(f"{RELIABLE:g}"),
        )
    return say(
        "Whether alpha is above {bound}, where tentative conclusions begin, is not sure.",
        bound=wording.written(f"{TENTATIVE:g}"),
    )


def _paradox(percent: pd.Series, alpha: pd.Series, ac1: pd.Series) -> bool:
    """High agreement, low kappa: one label is so common that chance alone agrees nearly always."""
    apart = ac1["estimate"] - alpha["estimate"] >= PARADOX_GAP
    return bool(apart and percent["estimate"] >= PARADOX_AGREEMENT and alpha["ci_high"] < TENTATIVE)


def _why_paradox(percent: pd.Series, alpha: pd.Series, shares: pd.Series) -> str:
    chance = (percent["estimate"] - alpha["estimate"]) / (1 - alpha["estimate"])
    common, rest = shares.idxmax(), 1 - shares.max()
    return say(
        "This is the paradox of kappa: {common} takes {share} of all labels, so that two people who guess "
        "alike would agree {chance} of the time. Alpha asks how well the other {rest} are told apart, and "
        "they hardly are; AC1 and percent agreement mostly show how common {common} is. Gate on AC1 by "
        "label, publish alpha, and show both.",
        common=common, share=wording.amount(shares.max(), "rate"), chance=wording.amount(chance, "rate"),
        rest=wording.amount(rest, "rate"),
    )


def _coefficient(row: pd.Series) -> str:
    return wording.estimate(row["estimate"], row["ci_low"], row["ci_high"], "coefficient")


def agreed(summary: pd.DataFrame, shares: pd.Series) -> list[Finding]:
    """That people do not mean the same thing for sure, or that only one label makes it look so."""
    row = summary.set_index("metric")
    percent, alpha, ac1 = (row.loc[name] for name in ("percent_agreement", "krippendorff_alpha", "gwet_ac1"))
    if pd.isna(alpha["estimate"]):
        return []
    if _paradox(percent, alpha, ac1):
        sentence = say(
            "People agree {estimate} of the time, yet alpha is {alpha}: the paradox of kappa, explained "
            "above. Labels other than {label} are hardly told apart.",
            estimate=wording.amount(percent["estimate"], "rate"), alpha=_coefficient(alpha),
            label=shares.idxmax(),
        )
        return [_finding("paradox", "watch", sentence, "agreement", alpha)]
    if alpha["ci_high"] < TENTATIVE:
        sentence = say(
            "Alpha is {alpha}, for sure below {bound}: people do not mean the same thing by these "
            "labels, and a model trained on them learns who labelled.",
            alpha=_coefficient(alpha), bound=wording.written(f"{TENTATIVE:g}"),
        )
        return [_finding("krippendorff_alpha", "act", sentence, "agreement", alpha)]
    return []


def unshared(labels: pd.DataFrame) -> list[Finding]:
    """Labels that people surely do not tell apart from the others in the same way."""
    if not len(labels):
        return []
    alphas = labels[labels["metric"] == "krippendorff_alpha"]
    low = alphas[alphas["ci_high"] < TENTATIVE].sort_values("estimate")
    if low.empty:
        return []
    said = say(", ").join(f"{row['label']} {_coefficient(row)}" for _, row in low.head(MOST_NAMED).iterrows())
    if len(low) > MOST_NAMED:
        said = say("{some} and {n} more", some=said, n=wording.whole(len(low) - MOST_NAMED))
    sentence = say(
        "Alpha of these labels against all others is surely below {bound}: {labels}. Start a session "
        "with them.",
        bound=wording.written(f"{TENTATIVE:g}"), labels=said,
    )
    return [_finding("label", "watch", sentence, "labels", low.iloc[0])]


def _finding(code: str, severity: str, sentence: str, evidence: str, row: pd.Series) -> Finding:
    return Finding(
        code=f"agreement:{code}", severity=severity, sentence=sentence, size=0.0, evidence=evidence,
        metric="krippendorff_alpha", period=row["period"], estimate=float(row["estimate"]),
        ci_low=float(row["ci_low"]), ci_high=float(row["ci_high"]), n=int(row["n"]),
    )  # fmt: skip
