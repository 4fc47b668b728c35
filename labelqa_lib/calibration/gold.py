"""Is the gold right? Answers to gold items, and what they say about the people and about the gold."""

from __future__ import annotations

import numpy as np
import pandas as pd
from ibis import _
from scipy import stats

from labelqa_lib.metrics.frame import NUMBERS
from labelqa_lib.metrics.judged import annotated
from labelqa_lib.periods import Week, span
from labelqa_lib.stats import survey
from labelqa_lib.store import Tables, fetch
from labelqa_lib.translation import N_, say

FEWEST_ANSWERS = 3
"""Gold with fewer answers of good agents is not questioned."""

OLD_WEEKS = 26
"""Gold that was set longer ago, and is not bound to an SOP version in force, is due for a look."""


def gold_answers(tables: Tables) -> pd.DataFrame:
    """Every annotation of a gold item, beside the gold label that held for it.

    Returns
    -------
    DataFrame
        ``annotation_id, item_id, agent_id, site, queue, policy_area, label, gold_label, sop_version, set_at, right``;
        empty where no gold was delivered. Of several versions of one item, that of the annotation's SOP holds, else one
        that holds for every SOP, else (for an annotation that does not tell its SOP) the latest.
    """
    columns = ["annotation_id", "item_id", "agent_id", "site", "queue", "policy_area", "label"]
    if tables.gold is None:
        return pd.DataFrame(columns=[*columns, "gold_label", "sop_version", "set_at", "right"])
    gold = fetch(tables.gold.select("item_id", "gold_label", "sop_version", "set_at").order_by("set_at", "sop_version"))
    rows = annotated(tables).semi_join(tables.gold, "item_id")
    rows = fetch(rows.select(*columns, used="sop_version").order_by("annotation_id"))
    both = rows.merge(gold, on="item_id")
    same = both["sop_version"].notna() & (both["sop_version"] == both["used"])
    general, latest = both["sop_version"].isna(), both["used"].isna()
    both = both.assign(place=np.select([same, general, latest], [3, 2, 1], 0)).query("place > 0")
    held = both.sort_values("place", kind="stable").drop_duplicates("annotation_id", keep="last")
    held = held.sort_values("annotation_id", ignore_index=True).drop(columns=["used", "place"])
    return held.assign(right=held["label"] == held["gold_label"])


def gold_accuracy(
    answers: pd.DataFrame, weeks: tuple[str, ...], by: str = "", confidence: float = 0.95
) -> pd.DataFrame:
    """How often are gold items answered as the gold says? Clusters are agents; items where no agents were
    delivered, and where each agent has a row of their own.

    Returns
    -------
    DataFrame
        ``metric, <by>, period`` and the numbers of a metric frame; clusters named in `method`.
    """
    columns = ["metric", *([by] if by else []), "period", *NUMBERS]
    rows = answers.dropna(subset=by) if by else answers
    if not len(rows):
        empty = dict.fromkeys(NUMBERS, np.nan) | {
            "n": 0,
            "method": "",
            "reason": N_("needs gold with answers; not delivered"),
        }
        row = {"metric": "gold_accuracy", "period": span(weeks)} | ({by: "not given"} if by else {}) | empty
        return pd.DataFrame([row])[columns]
    segment, names = pd.factorize(rows[by], sort=True) if by else (np.zeros(len(rows), dtype=int), [""])
    alike = "agent_id" if rows["agent_id"].notna().any() and by != "agent_id" else "item_id"
    cells = pd.DataFrame({"segment": segment, "cluster": rows[alike].fillna(rows["item_id"]), "right": rows["right"]})
    sums = cells.groupby(["segment", "cluster"])["right"].agg(["sum", "size"]).reset_index()
    rates = survey.clustered_rate(sums["segment"], sums["size"], sums["sum"], sums["size"], confidence=confidence,
                                  weight_squared=sums["size"])  # fmt: skip
    frame = pd.DataFrame({name: getattr(rates, name) for name in NUMBERS}).assign(
        metric="gold_accuracy", period=span(weeks)
    )
    frame["method"] = frame["method"] + f" by {alike.removesuffix('_id')}"
    return (frame.assign(**{by: names}) if by else frame)[columns]


def suspect_gold(answers: pd.DataFrame, false_discovery_rate: float = 0.05) -> pd.DataFrame:
    """Which gold is missed by people who are good on the other gold?

    Parameters
    ----------
    answers : DataFrame
        From `gold_answers`.
    false_discovery_rate : float
        Expected share of gold that is only hard among the gold named, in (0, 1).

    Returns
    -------
    DataFrame
        ``item_id, gold_label, suggested`` (what most of them say), ``right, n, expected`` (share right on other gold),
        ``p_value, adjusted, flagged``, the most doubtful first; gold with `FEWEST_ANSWERS` good answers or more.

    Notes
    -----
    Good: right on other gold at least as often as all are (everybody, where no agents were delivered). p: chance of so
    few right answers if each is right as often as on other gold with the same label. Answers are taken as given apart:
    people who were taught the same error speak against right gold, too, so that this names gold for a second look.
    """
    columns = ["item_id", "gold_label", "suggested", "right", "n", "expected", "p_value", "adjusted", "flagged"]
    good = answers[_good(answers)] if len(answers) else answers
    found = good.groupby(["item_id", "gold_label"])["right"].agg(["sum", "size"]).reset_index()
    found = found.rename(columns={"sum": "right", "size": "n"}).query("n >= @FEWEST_ANSWERS")
    if not len(found):
        return pd.DataFrame(columns=columns)
    of_label = good.groupby("gold_label")["right"].agg(["sum", "size"]).reindex(found["gold_label"]).to_numpy()
    right, n = found["right"].to_numpy(dtype=float), found["n"].to_numpy(dtype=float)
    expected = (of_label[:, 0] - right + 1) / (of_label[:, 1] - n + 2)
    p_value = stats.binom.cdf(right, n, expected)
    adjusted = stats.false_discovery_control(p_value)
    votes = good.groupby(["item_id", "label"]).size().reset_index(name="votes")
    votes = votes.sort_values(["item_id", "votes", "label"], ascending=[True, False, True], kind="stable")
    suggested = votes.drop_duplicates("item_id").set_index("item_id")["label"].reindex(found["item_id"]).to_numpy()
    flagged = (adjusted <= false_discovery_rate) & (suggested != found["gold_label"].to_numpy())
    told = found.assign(suggested=suggested, expected=expected, p_value=p_value, adjusted=adjusted, flagged=flagged)
    return told.sort_values(["p_value", "item_id"], ignore_index=True)[columns]


def _good(answers: pd.DataFrame) -> pd.Series:
    """Answers of agents who are right on other gold at least as often as all are."""
    if not answers["agent_id"].notna().any():
        return pd.Series(True, index=answers.index)
    of_agent = answers.groupby("agent_id")["right"]
    others = of_agent.transform("size") - 1
    elsewhere = (of_agent.transform("sum") - answers["right"]) / others.where(others > 0)
    return elsewhere >= answers["right"].mean()


def overdue_gold(tables: Tables) -> pd.DataFrame:
    """Which gold should be looked at again: set for an SOP no longer in force, or long ago?

    Returns
    -------
    DataFrame
        ``policy_area, why, n`` (gold items), ``oldest`` (day); most first. Only gold that the market's annotations
        of these weeks met, and of each item the latest version.
    """
    columns = ["policy_area", "why", "n", "oldest"]
    if tables.gold is None:
        return pd.DataFrame(columns=columns)
    items = annotated(tables).select("item_id", "policy_area")
    gold = tables.gold.inner_join(items.group_by("item_id").aggregate(policy_area=_.policy_area.min()), "item_id")
    rows = fetch(gold.select("item_id", "sop_version", "set_at", "policy_area").order_by("set_at", "sop_version"))
    rows = rows.drop_duplicates("item_id", keep="last").fillna({"policy_area": "all"})
    end = pd.Timestamp(Week.parse(tables.weeks[-1]).sunday)
    set_at = pd.to_datetime(rows["set_at"]).dt.tz_localize(None)
    old = set_at < end - pd.Timedelta(weeks=OLD_WEEKS)
    superseded = rows["sop_version"].notna() & ~rows["sop_version"].isin(_in_force(tables, end))
    if tables.sop_versions is None:
        superseded[:] = False
    why = np.select([superseded, old], [N_("its SOP version is no longer in force"), say("set over {n} weeks ago", n=OLD_WEEKS)], "")
    due = rows.assign(why=why, oldest=set_at.dt.date.astype(str))
    due = due[due["why"] != ""].groupby(["policy_area", "why"]).agg(n=("item_id", "size"), oldest=("oldest", "min"))
    return due.reset_index().sort_values(["n", "policy_area"], ascending=[False, True], ignore_index=True)[columns]


def _in_force(tables: Tables, end: pd.Timestamp) -> set[str]:
    """The latest SOP version of each policy area that is effective at the end of the weeks."""
    if tables.sop_versions is None:
        return set()
    versions = fetch(tables.sop_versions.select("sop_version", "policy_area", "effective_from"))
    begun = versions[pd.to_datetime(versions["effective_from"]) <= end].sort_values(["effective_from", "sop_version"])
    return set(begun.drop_duplicates("policy_area", keep="last")["sop_version"])


def correction(answers: pd.DataFrame, suspects: pd.DataFrame) -> pd.DataFrame:
    """What would accuracy on gold be if the doubtful gold labels were what good people say?

    Returns
    -------
    DataFrame
        One row per flagged gold item, and one for all of them together: ``item_id, gold_label, suggested, answers,
        before, after, difference``: accuracy over all gold answers with the one label changed. Empty where none is
        flagged.
    """
    columns = ["item_id", "gold_label", "suggested", "answers", "before", "after", "difference"]
    doubtful = suspects[suspects["flagged"]]
    if not len(doubtful):
        return pd.DataFrame(columns=columns)
    before = float(answers["right"].mean())
    both = answers.merge(doubtful[["item_id", "gold_label", "suggested"]], on=["item_id", "gold_label"])
    gained = (both["label"] == both["suggested"]).astype(int) - both["right"].astype(int)
    of_item = both.assign(gained=gained).groupby(["item_id", "gold_label", "suggested"])["gained"].agg(["sum", "size"])
    of_item = of_item.reset_index().rename(columns={"size": "answers"})
    every = {
        "item_id": N_("all of them"),
        "gold_label": "",
        "suggested": "",
        "sum": of_item["sum"].sum(),
        "answers": of_item["answers"].sum(),
    }
    told = pd.concat([pd.DataFrame([every]), of_item.sort_values(["sum", "item_id"], ascending=[False, True])])
    after = before + told["sum"] / len(answers)
    return told.assign(before=before, after=after, difference=after - before)[columns].reset_index(drop=True)
