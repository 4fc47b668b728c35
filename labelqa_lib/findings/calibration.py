"""What agreement, sessions, gold and second audits have to say: who needs calibration, and on what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from labelqa_lib import wording
from labelqa_lib.findings.agreement import agreed, unshared
from labelqa_lib.findings.finding import SEVERITIES, Finding, gap
from labelqa_lib.findings.sessions import made, moved_by, next_session
from labelqa_lib.findings.standout import standing_out
from labelqa_lib.store import Tables
from labelqa_lib.translation import N_, N_forms, plural, say

MOST_NAMED = 4


def calibration_findings(
    summary: pd.DataFrame,
    labels: pd.DataFrame,
    shares: pd.Series,
    met: pd.DataFrame,
    splits: pd.DataFrame,
    suspects: pd.DataFrame,
    *,
    suspicions: Mapping[str, pd.DataFrame] | None = None,
    audits: Mapping[str, pd.DataFrame] | None = None,
    lately: pd.DataFrame | None = None,
    session: pd.DataFrame | None = None,
    items: pd.DataFrame | None = None,
) -> list[Finding]:
    """What needs a reader before these labels train anything, most severe first.

    Parameters
    ----------
    summary, labels : DataFrame
        From `calibration.agreement`: of the market, and by label.
    shares : Series
        Share of each label among annotations of the items behind `summary`.
    met : DataFrame
        From `calibration.traps`.
    splits : DataFrame
        From `calibration.splits`.
    suspects : DataFrame
        From `calibration.suspect_gold`.
    suspicions : mapping of str to DataFrame
        From `calibration.suspicion`, by name: ``unrelated``, ``constant``, ``copied``, ``too_fast``.
    audits : mapping of str to DataFrame
        From `metrics.spread` by auditor, by evidence id on the page.
    lately : DataFrame
        From `calibration.audits_lately`.
    session : DataFrame
        From `calibration.before_after`.
    items : DataFrame
        From `calibration.session_items`.
    """
    found = _traps(met) + agreed(summary, shares) + unshared(labels) + _splits(splits) + _gold(suspects)
    found += _people(suspicions or {})
    for evidence, people in (audits or {}).items():
        found += [replace(one, evidence=evidence) for one in standing_out(people)]
    found += _lately(lately) if lately is not None else []
    found += moved_by(session) if session is not None else []
    found += next_session(items) if items is not None else []
    return sorted(found, key=lambda one: (SEVERITIES.index(one.severity), -one.size))


def _splits(splits: pd.DataFrame) -> list[Finding]:
    found = []
    for row in splits.to_dict("records"):
        what = {"reference": row["reference_label"], "given": row["label"]}
        share = wording.estimate(row["share"], row["ci_low"], row["ci_high"], "rate")
        if row["verdict"] == "training":
            sentence = say(
                "Training at {site}: there {reference} is labelled {given} {site_share} of the time, elsewhere {rest_share} "
                "({sites}). The others read the same SOP rightly, so it is the site and not the text of {policy_area}.",
                site=wording.listed([row["site"], *row["also"]]), **what, site_share=wording.amount(row["site_share"], "rate"),
                rest_share=wording.amount(row["rest_share"], "rate"), sites=row["sites"],
                policy_area=row["policy_area"],
            )
        elif row["verdict"] == "unclear SOP":
            sentence = say(
                "Unclear SOP in {policy_area}: {reference} is labelled {given} {share} of the time, and at every site alike "
                "({sites}). Everybody splits the same way, so it is the text; training one site would not "
                "help.",
                policy_area=row["policy_area"], **what, share=share, sites=row["sites"],
            )
        else:
            sentence = say(
                "In {policy_area} {reference} is labelled {given} {share} of the time ({sites}). Whether the SOP or a site is the "
                "cause cannot be told: it takes two sites with enough judged items each.",
                policy_area=row["policy_area"], **what, share=share, sites=row["sites"],
            )
        severity = {"training": "act", "unclear SOP": "act"}.get(row["verdict"], "know")
        code = f"split:{row['verdict'].replace(' ', '_')}:{row['reference_label']}:{row['label']}"
        place = {"site": row["site"]} if row["verdict"] == "training" else {"policy_area": row["policy_area"]}
        others = tuple({"site": site} for site in row["also"]) if "site" in place else ()
        found.append(replace(made(code, severity, sentence, "splits", size=row["errors"], **place), also=others))
    undecided = [one for one in found if one.severity == "know"]
    return [one for one in found if one.severity != "know"] + undecided[:2]


def _gold(suspects: pd.DataFrame) -> list[Finding]:
    doubtful = suspects[suspects["flagged"].astype(bool)] if len(suspects) else suspects
    if doubtful.empty:
        return []
    said = [
        say(
            "{item} is gold as {gold}, {n} of {of} good answers differ, most say {suggested}",
            item=row.item_id, gold=row.gold_label, n=row.n - row.right, of=row.n, suggested=row.suggested,
        )
        for row in doubtful.head(3).itertuples()
    ]  # fmt: skip
    sentence = plural(
        "{n} gold item may be wrong: {items}. Look again before anybody is scored on them.",
        "{n} gold items may be wrong: {items}. Look again before anybody is scored on them.",
        len(doubtful),
        n=wording.whole(len(doubtful)),
        items=_and_more(said, len(doubtful)),
    )
    return [made("gold:suspect", "watch", sentence, "suspect-gold")]


_SUSPICION = {
    "unrelated": (N_forms("{n} agent gives labels that have next to nothing to do with what others say of the same items",
                          "{n} agents give labels that have next to nothing to do with what others say of the same items"),
                  "estimate", N_("agreement beyond chance {value}"), "coefficient", "unrelated"),
    "constant": (N_forms("{n} agent gives one label only where others do not",
                         "{n} agents give one label only where others do not"), "label", N_("always {value}"), None, "constant"),
    "too_fast": (N_forms("{n} agent gives labels faster than anybody can read",
                         "{n} agents give labels faster than anybody can read"), "estimate", N_("{value} of their labels"), "rate", "too-fast"),
}  # fmt: skip


_COPIED = N_forms(
    "{n} pair gives the same labels more often than people who err on their own would",
    "{n} pairs give the same labels more often than people who err on their own would",
)


def _people(suspicions: Mapping[str, pd.DataFrame]) -> list[Finding]:
    found, named = [], set()
    for name, (does, column, how, unit, evidence) in _SUSPICION.items():
        frame = suspicions.get(name)
        flagged = frame[frame["flagged"].astype(bool)] if frame is not None and len(frame) else None
        if flagged is None or flagged.empty:
            continue
        named |= set(flagged["agent_id"])
        said = []
        for row in flagged.head(MOST_NAMED).to_dict("records"):
            value = wording.amount(row[column], unit) if unit else row[column]
            labels = wording.count(row["n"], "{n} label", "{n} labels")
            said.append(say("{agent} ({what}, {labels})", agent=row["agent_id"], what=say(how, value=value), labels=labels))
        found.append(_about(name, len(flagged), does, said, evidence))
    copied = suspicions.get("copied")
    if copied is not None and len(copied):
        pairs = copied[
            copied["flagged"].astype(bool) & ~(copied["agent_id"].isin(named) & copied["other_agent"].isin(named))
        ]
        said = [
            say(
                "{agent} and {other} ({share} of {items} alike, {expected} expected)",
                agent=row.agent_id, other=row.other_agent, share=wording.amount(row.estimate, "rate"),
                items=wording.count(row.n, "{n} item", "{n} items"), expected=wording.amount(row.expected, "rate"),
            )
            for row in pairs.head(MOST_NAMED).itertuples()
        ]
        if said:
            found.append(_about("copied", len(pairs), _COPIED, said, "copied"))
    return found


def _about(name: str, count: int, does: tuple[str, str], said: list[str], evidence: str) -> Finding:
    sentence = say(
        "{what}: {names}. Of those named about one in twenty is named by chance: ask before concluding.",
        what=wording.count(count, *does), names=_and_more(said, count),
    )  # fmt: skip
    return made(f"people:{name}", "watch", sentence, evidence)


def _and_more(said: list[str], count: int) -> str:
    """Those named, and how many there are beside them."""
    more = [say("and {n} more", n=wording.whole(count - len(said)))] if count > len(said) else []
    return say("; ").join([*said, *more])


def _lately(moved: pd.DataFrame) -> list[Finding]:
    """QAs who all began to miss or to invent errors: none of them stands out, so all need the session."""
    found = []
    for row in moved[moved["difference_low"] > 0].to_dict("records"):
        sentence = say(
            _LATELY[row["metric"]],
            after=wording.estimate(row["after"], row["after_low"], row["after_high"], "rate"),
            before=wording.estimate(row["before"], row["before_low"], row["before_high"], "rate"),
        )
        one = made(f"audits:{row['metric']}", "watch", sentence, "audits-lately")
        found.append(replace(one, **gap(row["difference"], row["difference_low"], row["difference_high"], "lower")))
    return found


_LATELY = {
    "missed_error_rate": N_(
        "QAs pass errors more often than before: {after} in the last four weeks, {before} before. Where the funnel of QAs "
        "names none, they moved together: calibrate them all with tier 2."
    ),
    "false_error_rate": N_(
        "QAs mark errors that are none more often than before: {after} in the last four weeks, {before} before. Where the "
        "funnel of QAs names none, they moved together: calibrate them all with tier 2."
    ),
}


def read_checks(audits: pd.DataFrame, gold: pd.DataFrame) -> str:
    """Do auditors confirm QAs, and do answers match gold? For the market's lead, in a sentence each.

    Parameters
    ----------
    audits : DataFrame
        ``ata_accuracy`` of the market, from `metrics.measure`.
    gold : DataFrame
        From `calibration.gold_accuracy`.
    """
    second, answered = audits.iloc[-1], gold.iloc[-1]
    said = []
    if pd.notna(second["estimate"]):
        share = wording.estimate(second["estimate"], second["ci_low"], second["ci_high"], "rate")
        audits = wording.count(second["n"], "{n} audit", "{n} audits")
        said.append(say("Of {audits} by QAs that tier 2 repeated, it confirms {share}.", audits=audits, share=share))
    if pd.notna(answered["estimate"]):
        share = wording.estimate(answered["estimate"], answered["ci_low"], answered["ci_high"], "rate")
        answers = wording.count(answered["n"], "{n} answer", "{n} answers")
        said.append(say("Of {answers} to gold, {share} are as the policy team set them.", answers=answers, share=share))
    return wording.sentences(*said) or say("Whether QAs and auditors agree is not known: neither second audits nor gold were delivered.")


def _traps(met: pd.DataFrame) -> list[Finding]:
    return [made(f"trap:{row.trap}", *_TRAPS[row.trap](row), "traps") for row in met.itertuples()]


_TRAPS = {
    "aggregated": lambda row: (
        "act",
        say(
            "All {n} items with several labels agree exactly: labels were merged before delivery. Agreement, "
            "consensus and self-agreement of this delivery mean nothing; ask the partner for the labels as "
            "people gave them.",
            n=wording.whole(row.n),
        ),
    ),
    "two_markets": lambda row: (
        "act",
        say(
            "{n} of {of} annotations were also delivered under {market}: same item, agent, label and time. One "
            "of the two markets counts work that is not its own.",
            n=wording.whole(row.n), of=wording.whole(row.of), market=row.detail,
        ),
    ),
    "dominant": lambda row: (
        "watch",
        say(
            "Agent {agent} gave {share} of all labels ({n} of {of}): the market's figures are to that extent one "
            "person's.",
            agent=row.detail, share=wording.amount(row.n / row.of, "rate"), n=wording.whole(row.n),
            of=wording.whole(row.of),
        ),
    ),
    "repeated": lambda row: (
        "know",
        say(
            "Agents judged {items} more than once, and gave {n} of them different labels ({share}). Between people "
            "the first label counts; the rest is self-agreement.",
            items=wording.count(row.of, "{n} item", "{n} items"), n=wording.whole(row.n),
            share=wording.amount(row.n / row.of, "rate"),
        ),
    ),
}


def calibration_gaps(tables: Tables, rows: pd.DataFrame, moved: pd.DataFrame) -> list[tuple[str, str]]:
    """Which questions of the page have no answer, and what would answer them: pairs of question and reason."""
    agents = tables.delivered("annotations.agent_id")
    gaps = [
        (say("How much do people agree?"), not len(rows), say("no item was labelled by two people")),
        (say("Did people label without seeing each other?"), not tables.delivered("annotations.blind"),
         say("needs annotations.blind; not delivered: every label is taken as blind")),
        (say("Whom can one believe, and who may not be looking?"), not agents, say("needs annotations.agent_id; not delivered")),
        (say("Do agents agree with themselves?"), agents and not rows["repeated"].any(), say("no agent saw an item twice")),
        (say("Do sites agree with each other?"), not tables.delivered("annotations.site"),
         say("needs annotations.site; not delivered")),
        (say("Who labels faster than reading?"), not tables.delivered("annotations.handle_seconds"),
         say("needs annotations.handle_seconds; not delivered")),
        (say("Is the gold right?"), tables.gold is None, say("needs gold; not delivered")),
        (say("Which QA needs calibration?"), tables.audits is None, say("needs audits; not delivered")),
        (say("Did the last session help?"), not len(moved),
         say("no session with weeks on both sides was found, neither a done action of the register that speaks of calibration "
         "nor a week with a calibration set; the parameter `session` may name the first week after one")),
    ]  # fmt: skip
    return [(question, reason) for question, missing, reason in gaps if missing]
