"""What agreement, sessions, gold and second audits have to say: who needs calibration, and on what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from labelqa_lib import wording
from labelqa_lib.findings.agreement import agreed, unshared
from labelqa_lib.findings.finding import SEVERITIES, Finding
from labelqa_lib.findings.standout import standing_out
from labelqa_lib.store import Tables
from labelqa_lib.translation import N_forms

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
    found += _session(session) if session is not None else []
    found += _next_session(items) if items is not None else []
    return sorted(found, key=lambda one: (SEVERITIES.index(one.severity), -one.size))


def _finding(code: str, severity: str, sentence: str, evidence: str, size: float = 0.0, **segment: str) -> Finding:
    return Finding(code=code, severity=severity, sentence=sentence, size=size, evidence=evidence,
                   metric=code.split(":")[1], period="", segment=segment)  # fmt: skip


def _splits(splits: pd.DataFrame) -> list[Finding]:
    found = []
    for row in splits.to_dict("records"):
        what = f"{row['reference_label']} is labelled {row['label']}"
        share = wording.estimate(row["share"], row["ci_low"], row["ci_high"], "rate")
        if row["verdict"] == "training":
            sentence = (
                f"Training at {row['site']}: there {what} {wording.amount(row['site_share'], 'rate')} of the time, "
                "elsewhere "
                f"{wording.amount(row['rest_share'], 'rate')} ({row['sites']}). The others read the same SOP rightly, "
                "so "
                f"it is the site and not the text of {row['policy_area']}."
            )
        elif row["verdict"] == "unclear SOP":
            sentence = (
                f"Unclear SOP in {row['policy_area']}: {what} {share} of the time, and at every site alike "
                f"({row['sites']}). "
                "Everybody splits the same way, so it is the text; training one site would not help."
            )
        else:
            sentence = (
                f"In {row['policy_area']} {what} {share} of the time ({row['sites']}). Whether the SOP or a site is "
                "the cause "
                "cannot be told: it takes two sites with enough judged items each."
            )
        severity = {"training": "act", "unclear SOP": "act"}.get(row["verdict"], "know")
        code = f"split:{row['verdict'].replace(' ', '_')}:{row['reference_label']}:{row['label']}"
        place = {"site": row["site"]} if row["verdict"] == "training" else {"policy_area": row["policy_area"]}
        found.append(_finding(code, severity, sentence, "splits", size=row["errors"], **place))
    undecided = [one for one in found if one.severity == "know"]
    return [one for one in found if one.severity != "know"] + undecided[:2]


def _gold(suspects: pd.DataFrame) -> list[Finding]:
    doubtful = suspects[suspects["flagged"].astype(bool)] if len(suspects) else suspects
    if doubtful.empty:
        return []
    said = "; ".join(
        f"{row.item_id} is gold as {row.gold_label}, {row.n - row.right} of {row.n} good answers differ, most "
        f"say {row.suggested}"
        for row in doubtful.head(3).itertuples()
    )
    more = f"; and {len(doubtful) - 3} more" if len(doubtful) > 3 else ""
    named = wording.count(len(doubtful), "{n} gold item", "{n} gold items")
    sentence = f"{named} may be wrong: {said}{more}. Look again before anybody is scored on them."
    return [_finding("gold:suspect", "watch", sentence, "suspect-gold")]


_SUSPICION = {
    "unrelated": (N_forms("{n} agent gives labels that have next to nothing to do with what others say of the same items",
                          "{n} agents give labels that have next to nothing to do with what others say of the same items"),
                  "estimate", "agreement beyond chance {}", "coefficient", "unrelated"),
    "constant": (N_forms("{n} agent gives one label only where others do not",
                         "{n} agents give one label only where others do not"), "label", "always {}", None, "constant"),
    "too_fast": (N_forms("{n} agent gives labels faster than anybody can read",
                         "{n} agents give labels faster than anybody can read"), "estimate", "{} of their labels", "rate", "too-fast"),
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
            said.append(f"{row['agent_id']} ({how.format(value)}, {wording.count(row['n'], '{n} label', '{n} labels')})")
        found.append(_about(name, len(flagged), does, said, evidence))
    copied = suspicions.get("copied")
    if copied is not None and len(copied):
        pairs = copied[
            copied["flagged"].astype(bool) & ~(copied["agent_id"].isin(named) & copied["other_agent"].isin(named))
        ]
        said = [
            f"{row.agent_id} and {row.other_agent} ({wording.amount(row.estimate, 'rate')} of "
            f"{wording.count(row.n, '{n} item', '{n} items')} alike, {wording.amount(row.expected, 'rate')} expected)"
            for row in pairs.head(MOST_NAMED).itertuples()
        ]
        if said:
            found.append(_about("copied", len(pairs), _COPIED, said, "copied"))
    return found


def _about(name: str, count: int, does: tuple[str, str], said: list[str], evidence: str) -> Finding:
    more = f"; and {count - len(said)} more" if count > len(said) else ""
    sentence = (
        f"{wording.count(count, *does)}: {'; '.join(said)}{more}. Of those named about one in twenty is named by "
        "chance: ask before concluding."
    )
    return _finding(f"people:{name}", "watch", sentence, evidence)


def _lately(moved: pd.DataFrame) -> list[Finding]:
    """QAs who all began to miss or to invent errors: none of them stands out, so all need the session."""
    found = []
    for row in moved[moved["difference_low"] > 0].to_dict("records"):
        does = {"missed_error_rate": "pass errors", "false_error_rate": "mark errors that are none"}[row["metric"]]
        sentence = (
            f"QAs {does} more often than before: "
            f"{wording.estimate(row['after'], row['after_low'], row['after_high'], 'rate')} in the last four weeks, "
            f"{wording.estimate(row['before'], row['before_low'], row['before_high'], 'rate')} before. Where the funnel of "
            "QAs names none, they moved together: calibrate them all with tier 2."
        )
        found.append(_finding(f"audits:{row['metric']}", "watch", sentence, "audits-lately"))
    return found


def _session(moved: pd.DataFrame) -> list[Finding]:
    """What a session did, by the key where there is one, else by agreement; sites without one are what to hold it to."""
    if moved.empty:
        return []
    own, others = moved[moved["own"]], moved[~moved["own"]]
    row = own.iloc[0]
    unit, what = {"accuracy": ("points", "agreement with the key"), "gwet_ac1": ("coefficient", "AC1")}[row["metric"]]
    said = wording.estimate(row["difference"], row["difference_low"], row["difference_high"], unit)
    if row["difference_low"] > 0:
        tail, severity = "people agree more than before", "good"
    elif row["difference_high"] < 0:
        tail, severity = "people agree less than before", "watch"
    else:
        tail, severity = "no more than noise so far", "know"
    rest = [f"{other.site} {wording.amount(other.difference, unit)}"
            for other in others[others["metric"] == row["metric"]].itertuples()]  # fmt: skip
    beside = f" (sites without one: {', '.join(rest)})" if rest else ""
    sentence = f"Since the last session ({row['session']}) {what} moved by {said}{beside}: {tail}."
    return [_finding(f"session:{row['metric']}", severity, sentence, "session")]


def _next_session(items: pd.DataFrame) -> list[Finding]:
    """What an hour of a room is best spent on."""
    if items.empty:
        return []
    disputes = items.assign(pair=items["labels"].str.replace(r" \d+(?=,|$)", "", regex=True).str.replace(", ", " or "))
    worth = disputes.groupby(["pair", "queue"], dropna=False, sort=False)["value"].agg(["sum", "size"]).reset_index()
    worth = worth.sort_values("sum", ascending=False, kind="stable").head(3)
    said = "; ".join(
        f"{row.pair}{f' in {row.queue}' if isinstance(row.queue, str) else ''} ({wording.count(row.size, '{n} item', '{n} items')})"
        for row in worth.rename(columns={"sum": "worth"}).itertuples(index=False)
    )
    sentence = f"The next session has most to settle on: {said}."
    return [_finding("session:next", "know", sentence, "session-items")]


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
        said.append(f"Of {wording.count(second['n'], '{n} audit', '{n} audits')} by QAs that tier 2 repeated, it confirms {share}.")
    if pd.notna(answered["estimate"]):
        share = wording.estimate(answered["estimate"], answered["ci_low"], answered["ci_high"], "rate")
        said.append(f"Of {wording.count(answered['n'], '{n} answer', '{n} answers')} to gold, {share} are as the policy team set them.")
    return " ".join(said) or "Whether QAs and auditors agree is not known: neither second audits nor gold were delivered."


def _traps(met: pd.DataFrame) -> list[Finding]:
    return [_finding(f"trap:{row.trap}", *_TRAPS[row.trap](row), "traps") for row in met.itertuples()]


_TRAPS = {
    "aggregated": lambda row: (
        "act",
        f"All {wording.whole(row.n)} items with several labels agree exactly: labels were merged before delivery. "
        "Agreement, consensus "
        "and self-agreement of this delivery mean nothing; ask the partner for the labels as people gave them.",
    ),
    "two_markets": lambda row: (
        "act",
        f"{wording.whole(row.n)} of {wording.whole(row.of)} annotations were also delivered under {row.detail}: same item, agent, label "
        "and time. One "
        "of the two markets counts work that is not its own.",
    ),
    "dominant": lambda row: (
        "watch",
        f"Agent {row.detail} gave {wording.amount(row.n / row.of, 'rate')} of all labels ({wording.whole(row.n)} of "
        f"{wording.whole(row.of)}): the "
        "market's figures are to that extent one person's.",
    ),
    "repeated": lambda row: (
        "know",
        f"Agents judged {wording.count(row.of, '{n} item', '{n} items')} more than once, and gave {wording.whole(row.n)} of them different labels "
        f"({wording.amount(row.n / row.of, 'rate')}). Between people the first label counts; the rest is "
        "self-agreement.",
    ),
}


def calibration_gaps(tables: Tables, rows: pd.DataFrame, moved: pd.DataFrame) -> list[tuple[str, str]]:
    """Which questions of the page have no answer, and what would answer them: pairs of question and reason."""
    agents = tables.delivered("annotations.agent_id")
    gaps = [
        ("How much do people agree?", not len(rows), "no item was labelled by two people"),
        ("Did people label without seeing each other?", not tables.delivered("annotations.blind"),
         "needs annotations.blind; not delivered: every label is taken as blind"),
        ("Whom can one believe, and who may not be looking?", not agents, "needs annotations.agent_id; not delivered"),
        ("Do agents agree with themselves?", agents and not rows["repeated"].any(), "no agent saw an item twice"),
        ("Do sites agree with each other?", not tables.delivered("annotations.site"),
         "needs annotations.site; not delivered"),
        ("Who labels faster than reading?", not tables.delivered("annotations.handle_seconds"),
         "needs annotations.handle_seconds; not delivered"),
        ("Is the gold right?", tables.gold is None, "needs gold; not delivered"),
        ("Which QA needs calibration?", tables.audits is None, "needs audits; not delivered"),
        ("Did the last session help?", not len(moved),
         "no session with weeks on both sides was found, neither a done action of the register that speaks of calibration "
         "nor a week with a calibration set; the parameter `session` may name the first week after one"),
    ]  # fmt: skip
    return [(question, reason) for question, missing, reason in gaps if missing]
