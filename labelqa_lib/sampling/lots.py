"""A site's week as a delivered lot: accepted or not, under which severity, and how the next one is to be inspected."""

from __future__ import annotations

import numpy as np
import pandas as pd
from ibis import _

from labelqa_lib.sampling.planning import Plan
from labelqa_lib.sampling.strata import stratified
from labelqa_lib.stats import acceptance
from labelqa_lib.store import Tables, fetch
from labelqa_lib.translation import N_, say

ALPHA, BETA = 0.05, 0.10
"""Risks of the sequential test: of rejecting a site's week at the AQL, of accepting one at the plan's LTPD."""

SHARES = np.linspace(0.001, 0.25, 125)


def lots(tables: Tables, plan: Plan) -> pd.DataFrame:
    """How would every site's weeks have fared under the switching rules?

    Returns
    -------
    DataFrame
        One row per site and week with random audits: ``site, week, size`` (annotations), ``checked`` (audits at hand),
        ``inspection, n, accept, found`` (errors among the first n; NaN where the audits are too few), ``accepted``
        (None then), ``following`` (how the next week is to be inspected; as before where the audits are too few), ``why``.

    Notes
    -----
    An acceptance plan needs equal chances: of audits drawn with unequal ones, each is kept with probability
    w / max w, in an order drawn by the plan's seed.
    """
    sized = fetch(stratified(tables).group_by(["site", "week"]).aggregate(size=_.count()))
    sized = sized.set_index(["site", "week"])["size"]
    verdicts = _verdicts(plan)
    rows = []
    for site, weeks in verdicts.groupby("site", sort=True):
        history = [(week, int(sized[site, week]), part["wrong"].to_numpy()) for week, part in weeks.groupby("week")]
        history = [one for one in history if one[1] >= 2]
        told = acceptance.inspect_lots(
            [(size, wrong) for _week, size, wrong in history], plan.rules.aql, plan.rules.level
        )
        for (week, size, wrong), lot in zip(history, told, strict=True):
            rows.append((site, week, size, len(wrong), *_told(lot, wrong)))
    columns = ["site", "week", "size", "checked", "inspection", "n", "accept", "found", "accepted", "following", "why"]
    return pd.DataFrame(rows, columns=columns)


def _told(lot: acceptance.InspectedLot, wrong: np.ndarray) -> tuple:
    n, accept = lot.plan.n, lot.plan.accept
    if lot.step is None:
        return lot.plan.inspection, n, accept, np.nan, None, lot.following, N_("too few audits to decide")
    return lot.step.inspection, n, accept, int(wrong[:n].sum()), lot.step.accepted, lot.following, lot.step.why


def _verdicts(plan: Plan) -> pd.DataFrame:
    """``site, week, wrong`` of an equal-probability part of the audits, in random order."""
    audits = plan.past.audits
    audits = audits.assign(
        site=plan.past.strata["site"].to_numpy()[audits["stratum"]], wrong=audits["accuracy_miss"].astype(int)
    )
    random = np.random.default_rng(plan.rules.seed)
    most = audits.groupby(["site", "week"])["weight"].transform("max")
    audits = audits[random.random(len(audits)) < audits["weight"] / most]
    return audits.iloc[random.permutation(len(audits))][["site", "week", "wrong"]]


def next_lots(plan: Plan, history: pd.DataFrame) -> pd.DataFrame:
    """Which plan is each site's next week to be inspected by, and what does it protect from?

    Returns
    -------
    DataFrame
        ``site, size`` (annotations expected), ``inspection, letter, n, accept, reject, safe`` (share of errors accepted
        in 95 of 100 weeks), ``ltpd`` (in 10 of 100), ``aoql`` (worst share of errors that leaves when rejected
        weeks are checked in full); and what else would do: ``zero`` (audits that accept no error and protect as well),
        ``risks`` (the smallest plan that rejects the AQL in 5 of 100 weeks and accepts the LTPD in 10).
    """
    sizes = plan.past.strata.groupby("site")["population"].sum()
    last = history.groupby("site")["following"].last()
    rows = []
    for site, size in sizes.round().astype(int).items():
        if size < 2:
            continue
        severity = last.get(site, "normal")
        chosen = acceptance.plan(
            size, plan.rules.aql, plan.rules.level, "tightened" if severity == "stopped" else severity
        )
        rows.append((
            site, size, severity, chosen.table_letter, chosen.n, chosen.accept, chosen.reject,
            acceptance.quality_at(chosen, 0.95), acceptance.quality_at(chosen, 0.10), acceptance.aoql(chosen, size)[0],
            *_others(size, plan.rules.aql, acceptance.quality_at(chosen, 0.10)),
        ))  # fmt: skip
    columns = ["site", "size", "inspection", "letter", "n", "accept", "reject", "safe", "ltpd", "aoql",
               "zero", "risks"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _others(size: int, aql: float, ltpd: float) -> tuple[int | None, str]:
    """The plan that accepts no error, and the one found from two risks; none where there is none."""
    zero = acceptance.zero_plan(size, aql).n if aql <= 10 else None
    if not aql / 100 < ltpd < 1:
        return zero, ""
    found = acceptance.find_plan(aql / 100, ALPHA, ltpd, BETA)
    return zero, say("{n}, accept {accept}", n=found.n, accept=found.accept) if found.n < size else ""


def curves(plan: Plan, chosen: pd.DataFrame) -> pd.DataFrame:
    """What does each site's next plan do at every share of errors?

    Returns
    -------
    DataFrame
        ``site, plan`` (``n 80, accept 7``), ``share, accepted`` (probability), ``outgoing`` (AOQ), ``checked`` (audits
        a double plan of the same protection takes on average, ASN), ``inspected`` (audits when rejected weeks are
        checked in full, ATI).
    """
    parts = []
    for row in chosen.itertuples():
        severity = "tightened" if row.inspection == "stopped" else row.inspection
        single, double = (
            acceptance.plan(row.size, plan.rules.aql, plan.rules.level, severity, kind) for kind in ("single", "double")
        )
        parts.append(pd.DataFrame({
            "site": row.site, "plan": say("n {n}, accept {accept}", n=single.n, accept=single.accept), "share": SHARES,
            "accepted": acceptance.oc_curve(single, SHARES), "outgoing": acceptance.aoq_curve(single, SHARES, row.size),
            "checked": acceptance.asn_curve(double, SHARES), "n": single.n,
            "inspected": acceptance.ati_curve(single, SHARES, row.size),
        }))  # fmt: skip
    columns = ["site", "plan", "share", "accepted", "outgoing", "checked", "n", "inspected"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def sequential(plan: Plan, chosen: pd.DataFrame) -> pd.DataFrame:
    """How soon could the last week of every site have been decided, one audit after the other (SPRT)?

    Returns
    -------
    DataFrame
        One row per audit: ``site, number, found`` (errors so far), ``accept_at, reject_at`` (the two lines, not
        rounded), ``decision`` (``accept``, ``continue`` or ``reject``) and ``decided`` (after how many audits) of
        the site.
    """
    verdicts = _verdicts(plan)
    verdicts = verdicts[verdicts["week"] == plan.past.last]
    parts = []
    for row in chosen.itertuples():
        wrong = verdicts.loc[verdicts["site"] == row.site, "wrong"].to_numpy()
        if not len(wrong) or not plan.rules.aql / 100 < row.ltpd:
            continue
        test = acceptance.sprt(plan.rules.aql / 100, ALPHA, row.ltpd, BETA)
        decision, decided = test.follow(wrong)
        number = np.arange(1, len(wrong) + 1)
        parts.append(pd.DataFrame({
            "site": row.site, "number": number, "found": np.cumsum(wrong),
            "accept_at": test.slope * number - test.accept_intercept,
            "reject_at": test.slope * number + test.reject_intercept, "decision": decision, "decided": decided,
        }))  # fmt: skip
    columns = ["site", "number", "found", "accept_at", "reject_at", "decision", "decided"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
