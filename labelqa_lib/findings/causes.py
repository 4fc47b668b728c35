"""Why quality dropped, in sentences: is it real, where, and what each cause adds up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from labelqa_lib import wording
from labelqa_lib.causes import Cause
from labelqa_lib.causes.evidence import Evidence
from labelqa_lib.causes.inside import names
from labelqa_lib.findings.catalogue import cost
from labelqa_lib.findings.finding import Finding, Recommendation
from labelqa_lib.findings.kinds import of
from labelqa_lib.findings.mix import verdict
from labelqa_lib.findings.moves import MANY, RELEVANT, moved
from labelqa_lib.findings.remedies import remedy
from labelqa_lib.findings.segments import several, where
from labelqa_lib.findings.standout import flattered
from labelqa_lib.findings.worth import worded
from labelqa_lib.metrics import REGISTRY
from labelqa_lib.translation import N_, say


WHOLE = 0.995
"""From this share on, a cause is told as all of the change."""

MOST_LASTING = 3
"""So many segments above the market's rate are named on the first screen."""


def why(
    change: pd.DataFrame,
    mix: pd.DataFrame,
    causes: Sequence[Cause],
    found: Evidence,
    corrected: pd.DataFrame,
    level: pd.DataFrame,
    staff: pd.DataFrame | None = None,
) -> list[Finding]:
    """Why did quality drop, if it did? The verdict first, a finding per cause, whether the audits flatter, what lasts.

    Parameters
    ----------
    change, mix : DataFrame
        From `metrics.mix.accuracy_change` and `metrics.mix.mix_by_dimension`.
    causes : sequence of Cause
        From `causes.explain_change`, ranked.
    found : Evidence
        From `causes.evidence`, of the same causes.
    corrected : DataFrame
        From `metrics.corrected`: what first audits miss.
    level : DataFrame
        From `levels`: where the error rate lies above the market's.
    staff : DataFrame, optional
        From `metrics.staff`: whom a remedy would take.
    """
    row = change.iloc[0]
    remedies = remedy(causes, found).set_index("cause")
    who = pd.DataFrame() if staff is None else staff
    told = [_cause(name, cause, remedies.loc[name], row, found, who) for name, cause in zip(names(causes), causes, strict=True)]
    audits = [replace(one, evidence="corrected") for one in flattered(corrected)]
    return [_verdict(row, mix, causes), *told, *audits, *_lasting(level, row)]


def _verdict(row: pd.Series, mix: pd.DataFrame, causes: Sequence[Cause]) -> Finding:
    fell = row["difference"] < 0
    if np.isnan(row["difference"]):
        sentence = say("Accuracy cannot be compared with earlier weeks: {reason}.", reason=wording.said(row["reason"]))
    else:
        ends = wording.ends(row["difference_low"], row["difference_high"], "points")
        said = say(
            N_("Accuracy fell from {before} to {now} ({change}, {interval}), {noise}.")
            if fell
            else N_("Accuracy rose from {before} to {now} ({change}, {interval}), {noise}."),
            before=wording.amount(row["baseline"], "rate"),
            now=wording.amount(row["estimate"], "rate"),
            change=wording.difference(row["difference"], "rate"),
            interval=ends,
            noise=say("more than noise") if row["more_than_noise"] else say("within noise"),
        )
        sentence = wording.sentences(said, _reason(row, mix, causes))
    return Finding(
        code="cause:verdict",
        severity="act" if causes and fell and row["more_than_noise"] else "watch" if causes else "know",
        sentence=sentence,
        size=0.0,
        evidence="mix",
        metric="accuracy",
        period=row["period"],
        estimate=row["difference"],
        ci_low=row["difference_low"],
        ci_high=row["difference_high"],
        n=int(row["n"]),
    )


def _reason(row: pd.Series, mix: pd.DataFrame, causes: Sequence[Cause]) -> str:
    shifted = _shifted(mix)
    if causes:
        more = wording.count(
            len(causes),
            "{n} segment has more errors than chance explains.",
            "{n} segments have more errors than chance explains.",
        )
        return wording.sentences(more, say("The mix of work changed and moved {shift}.", shift=shifted) if shifted else "")
    if shifted:
        return say("No rate cause: the mix of work changed and moved {shift}.", shift=shifted)
    if not row["more_than_noise"]:
        return say("No rate cause: the change is within noise.")
    if row["difference"] > 0:
        return say("Quality did not drop, and no segment got worse.")
    return say("No segment stands out: it fell by a little everywhere, or in too few items to tell where.")


def _shifted(mix: pd.DataFrame) -> str:
    """What the mix of work moved, where that is beyond noise and worth a reader."""
    if mix.empty:
        return ""
    most = mix.iloc[0]
    if abs(most["mix"]) < RELEVANT["rate"] / 2 or most["mix_low"] <= 0 <= most["mix_high"]:
        return ""
    return say(
        "accuracy by {change} ({interval}): {segment} went from {before} to {now} of the work; the change within every "
        "{dimension} is {within}, {verdict}",
        change=wording.difference(most["mix"], "rate"),
        interval=wording.ends(most["mix_low"], most["mix_high"], "points"),
        segment=wording.segment({most["dimension"]: most["moved_most"]}),
        before=wording.amount(most["share_before"], "rate"),
        now=wording.amount(most["share"], "rate"),
        dimension=wording.dimension(most["dimension"]),
        within=wording.difference(most["rate"], "rate"),
        verdict=say(verdict(most) or N_("more than noise")),
    )


def _recommendation(cause: Cause, kind: pd.Series, volume: float, staff: pd.DataFrame) -> Recommendation:
    sites = cause.segment.get("site", [])
    people = len(cause.segment["agent_id"]) if "agent_id" in cause.segment and kind["kind"] == "retrain" else None
    hours, how = cost(kind["kind"], staff, str(sites[0]) if len(sites) == 1 else "", people)
    gains = kind[["points", "points_low", "points_high"]]
    return worded(kind["kind"], kind["action"], "accuracy", gains, volume, hours, how)


def _cause(
    name: str, cause: Cause, kind: pd.Series, row: pd.Series, found: Evidence, staff: pd.DataFrame
) -> Finding:
    sentence = wording.sentences(
        say("{cause}: {segment}.", cause=name, segment=where(cause.segment)), _size(cause), kind["because"]
    )
    segment = {column: " or ".join(map(str, values)) for column, values in cause.segment.items()}
    gap, gap_low, gap_high = _gap(cause)
    return Finding(
        code=":".join(["cause", *(f"{column}={values}" for column, values in segment.items())]),
        severity="act" if cause.excess_errors >= MANY else "watch",
        sentence=sentence,
        size=cause.excess_errors,
        evidence="told",
        metric="error_rate",
        period=row["period"],
        segment=segment,
        estimate=cause.excess_errors,
        ci_low=cause.ci_low,
        ci_high=cause.ci_high,
        n=cause.n_current,
        gap=gap,
        gap_low=gap_low,
        gap_high=gap_high,
        since=_since(of(found.since, name)),
        recommendation=_recommendation(cause, kind, found.volume, staff),
    )


def _gap(cause: Cause) -> tuple[float, float, float]:
    """By how much the segment's own error rate is above the expected one, as effects of actions measure it there; what that
    is of the market's is the recommendation's gain."""
    gap = cause.rate_current - cause.rate_expected
    a_row = gap / cause.excess_errors if cause.excess_errors else np.nan
    return gap, *(float(np.clip(a_row * end, -1, 1)) for end in (cause.ci_low, cause.ci_high))


def _size(cause: Cause) -> str:
    """How many errors more than expected."""
    part = wording.amount(cause.share_of_change, "rate")
    more = wording.count(
        cause.excess_errors,
        "About {n} more error in the week than expected",
        "About {n} more errors in the week than expected",
    )
    form = (
        N_("{more} ({interval}): {now} instead of {expected} wrong.")
        if not cause.share_of_change > 0
        else N_("{more} ({interval}), all of the change: {now} instead of {expected} wrong.")
        if cause.share_of_change >= WHOLE
        else N_("{more} ({interval}), {part} of the change: {now} instead of {expected} wrong.")
    )
    return say(
        form,
        more=more,
        interval=wording.ends(cause.ci_low, cause.ci_high, "count"),
        part=part,
        now=wording.amount(cause.rate_current, "rate"),
        expected=wording.amount(cause.rate_expected, "rate"),
    )


def _since(since: pd.DataFrame) -> str:
    return f"{since['day'].iloc[0]:%Y-%m-%d}" if len(since) else ""


def _lasting(level: pd.DataFrame, row: pd.Series) -> list[Finding]:
    """Where errors are frequent whether or not anything changed; it asks for a reader where nothing can be compared."""
    if level.empty:
        return []
    said = [
        say(
            N_("{segment} ({now} wrong instead of {expected})")
            if one.weeks_above in (_of_weeks(0, 1), _of_weeks(1, 1))
            else N_("{segment} ({now} wrong instead of {expected}; above the rest in {weeks} weeks)"),
            segment=one.where,
            now=wording.amount(one.now, "rate"),
            expected=wording.amount(one.expected, "rate"),
            weeks=one.weeks_above,
        )
        for one in level.head(MOST_LASTING).itertuples()
    ]
    return [
        Finding(
            code="cause:level",
            severity="watch" if np.isnan(row["difference"]) else "know",
            sentence=say(
                "Whether or not anything changed, errors are most frequent in {segments}.", segments=say("; ").join(said)
            ),
            size=float(level["excess_errors"].iloc[0]),
            evidence="level",
            metric="error_rate",
            period=row["period"],
        )
    ]


def _of_weeks(above: int, weeks: int) -> str:
    """``7 of 8``."""
    return say("{above} of {weeks}", above=above, weeks=weeks)


def ranked(causes: Sequence[Cause]) -> pd.DataFrame:
    """The causes as a table: where, how many errors more than expected, how sure, and other names of the same rows.

    Returns
    -------
    DataFrame
        ``cause, where, excess_errors, ci_low, ci_high, share_of_change, expected, now`` (rates), ``n`` (judged now),
        ``p_value`` (of the whole search, in words), ``same_as``.
    """
    rows = [
        (name, where(one.segment), one.excess_errors, one.ci_low, one.ci_high, one.share_of_change, one.rate_expected,
         one.rate_current, one.n_current, _chance(one.p_value), several(one.same_as))
        for name, one in zip(names(causes), causes, strict=True)
    ]  # fmt: skip
    columns = ["cause", "where", "excess_errors", "ci_low", "ci_high", "share_of_change", "expected", "now", "n"]
    columns += ["p_value", "same_as"]
    return pd.DataFrame(rows, columns=columns)


def _chance(p_value: float) -> str:
    return f"< {wording.written('0.001')}" if p_value < 0.001 else wording.written(f"{p_value:.3f}")


def levels(causes: Sequence[Cause], persistence: pd.DataFrame) -> pd.DataFrame:
    """Segments above a level as a table, with how many of the weeks each was above all other rows.

    Returns
    -------
    DataFrame
        ``cause, where, excess_errors, ci_low, ci_high, expected, now, n, p_value, weeks_above`` ("7 of 8").
    """
    table = ranked(causes).drop(columns=["share_of_change", "same_as"])
    return table.assign(weeks_above=[_of_weeks(row.weeks_above, row.weeks) for row in persistence.itertuples()])


def also_moved(moves: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """What else changed in the week, beside the errors: ``question`` (whose metric), ``answer`` (the sentence)."""
    told = moved(moves)
    questions, answers = [say(REGISTRY[one.metric].title) for one in told], [one.sentence for one in told]
    return pd.DataFrame({"group": "", "question": questions, "answer": answers})


