"""How much people agree, in words: coefficients read together, the paradox of kappa, labels that are not shared."""

from __future__ import annotations

import pandas as pd

from labelqa_lib import wording
from labelqa_lib.findings.finding import Finding

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
        return "Agreement is not known: no item was labelled by two people."
    percent, alpha, ac1 = (row.loc[name] for name in ("percent_agreement", "krippendorff_alpha", "gwet_ac1"))
    said = (
        f"On {wording.count(percent['n'], '{n} item', '{n} items')} that several people labelled, two labels are the same "
        f"{wording.estimate(percent['estimate'], percent['ci_low'], percent['ci_high'], 'rate')} of the time."
    )
    if pd.isna(alpha["estimate"]):
        return f"{said} Agreement beyond chance is not defined: {alpha['reason']}."
    said += (
        f" Beyond chance that is {_coefficient(ac1)} by Gwet's AC1 and {_coefficient(alpha)} by Krippendorff's alpha."
    )
    if _paradox(percent, alpha, ac1):
        return f"Agents agree mostly by chance. {said} {_why_paradox(percent, alpha, shares)}"
    if ac1["estimate"] - alpha["estimate"] >= PARADOX_GAP / 2:
        said += f" They differ because {shares.idxmax()} takes {wording.amount(shares.max(), 'rate')} of all labels."
    return f"{_answer(alpha)} {said} {_reading(alpha)}"


def _answer(alpha: pd.Series) -> str:
    """The page's question, answered in one sentence."""
    if alpha["ci_high"] < TENTATIVE:
        return "Agents do not mean the same thing."
    if alpha["ci_low"] >= RELIABLE:
        return "Agents mean the same thing."
    return "Agents mean much the same thing." if alpha["ci_low"] >= TENTATIVE else "Agents may not mean the same thing."


def _reading(alpha: pd.Series) -> str:
    """What Krippendorff's bounds say of it."""
    if alpha["ci_high"] < TENTATIVE:
        return f"That is surely below {TENTATIVE:g}: nothing should be concluded from single labels."
    if alpha["ci_low"] >= RELIABLE:
        return f"That is reliable (alpha surely above {RELIABLE:g})."
    if alpha["ci_low"] >= TENTATIVE:
        return f"That carries tentative conclusions (alpha surely above {TENTATIVE:g}, not surely above {RELIABLE:g})."
    return f"Whether alpha is above {TENTATIVE:g}, where tentative conclusions begin, is not sure."


def _paradox(percent: pd.Series, alpha: pd.Series, ac1: pd.Series) -> bool:
    """High agreement, low kappa: one label is so common that chance alone agrees nearly always."""
    apart = ac1["estimate"] - alpha["estimate"] >= PARADOX_GAP
    return bool(apart and percent["estimate"] >= PARADOX_AGREEMENT and alpha["ci_high"] < TENTATIVE)


def _why_paradox(percent: pd.Series, alpha: pd.Series, shares: pd.Series) -> str:
    chance = (percent["estimate"] - alpha["estimate"]) / (1 - alpha["estimate"])
    common, rest = shares.idxmax(), 1 - shares.max()
    return (
        f"This is the paradox of kappa: {common} takes {wording.amount(shares.max(), 'rate')} of all labels, "
        "so that two "
        f"people who guess alike would agree {wording.amount(chance, 'rate')} of the time. Alpha asks how well "
        "the other "
        f"{wording.amount(rest, 'rate')} are told apart, and they hardly are; AC1 and percent agreement mostly "
        "show how "
        f"common {common} is. Gate on AC1 by label, publish alpha, and show both."
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
        sentence = (
            f"People agree {wording.amount(percent['estimate'], 'rate')} of the time, yet alpha is "
            f"{_coefficient(alpha)}: the "
            f"paradox of kappa, explained above. Labels other than {shares.idxmax()} are hardly told apart."
        )
        return [_finding("paradox", "watch", sentence, "agreement", alpha)]
    if alpha["ci_high"] < TENTATIVE:
        sentence = (
            f"Alpha is {_coefficient(alpha)}, for sure below {TENTATIVE:g}: people do not mean the same thing by these "
            "labels, and a model trained on them learns who labelled."
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
    said = ", ".join(f"{row['label']} {_coefficient(row)}" for _, row in low.head(MOST_NAMED).iterrows())
    more = f" and {len(low) - MOST_NAMED} more" if len(low) > MOST_NAMED else ""
    sentence = (
        f"Alpha of these labels against all others is surely below {TENTATIVE:g}: {said}{more}. Start a session with them."
    )
    return [_finding("label", "watch", sentence, "labels", low.iloc[0])]


def _finding(code: str, severity: str, sentence: str, evidence: str, row: pd.Series) -> Finding:
    return Finding(
        code=f"agreement:{code}", severity=severity, sentence=sentence, size=0.0, evidence=evidence,
        metric="krippendorff_alpha", period=row["period"], estimate=float(row["estimate"]),
        ci_low=float(row["ci_low"]), ci_high=float(row["ci_high"]), n=int(row["n"]),
    )  # fmt: skip
