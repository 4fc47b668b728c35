"""What the last calibration session did, and what the next one has to settle."""

from __future__ import annotations

import pandas as pd

from labelqa_lib import wording
from labelqa_lib.findings.finding import Finding
from labelqa_lib.translation import N_, say


def made(code: str, severity: str, sentence: str, evidence: str, size: float = 0.0, **segment: str) -> Finding:
    """A finding of the calibration page, which is about no week of its own."""
    return Finding(code=code, severity=severity, sentence=sentence, size=size, evidence=evidence,
                   metric=code.split(":")[1], period="", segment=segment)  # fmt: skip


def moved_by(moved: pd.DataFrame) -> list[Finding]:
    """What a session did, by the key where there is one, else by agreement; sites without one are what to hold it to."""
    if moved.empty:
        return []
    own, others = moved[moved["own"]], moved[~moved["own"]]
    row = own.iloc[0]
    unit, what = {"accuracy": ("points", say("agreement with the key")), "gwet_ac1": ("coefficient", "AC1")}[row["metric"]]
    said = wording.estimate(row["difference"], row["difference_low"], row["difference_high"], unit)
    if row["difference_low"] > 0:
        tail, severity = say("people agree more than before"), "good"
    elif row["difference_high"] < 0:
        tail, severity = say("people agree less than before"), "watch"
    else:
        tail, severity = say("no more than noise so far"), "know"
    rest = [f"{other.site} {wording.amount(other.difference, unit)}"
            for other in others[others["metric"] == row["metric"]].itertuples()]  # fmt: skip
    sentence = say(
        N_("Since the last session ({session}) {what} moved by {change} (sites without one: {sites}): {verdict}.")
        if rest
        else N_("Since the last session ({session}) {what} moved by {change}: {verdict}."),
        session=row["session"],
        what=what,
        change=said,
        sites=say(", ").join(rest),
        verdict=tail,
    )
    return [made(f"session:{row['metric']}", severity, sentence, "session")]


def next_session(items: pd.DataFrame) -> list[Finding]:
    """What an hour of a room is best spent on."""
    if items.empty:
        return []
    disputes = items.assign(pair=items["labels"].str.replace(r" \d+(?=,|$)", "", regex=True).str.replace(", ", say(" or ")))
    worth = disputes.groupby(["pair", "queue"], dropna=False, sort=False)["value"].agg(["sum", "size"]).reset_index()
    worth = worth.sort_values("sum", ascending=False, kind="stable").head(3)
    said = [
        say(
            N_("{labels} in {queue} ({items})") if isinstance(row.queue, str) else N_("{labels} ({items})"),
            labels=row.pair,
            queue=row.queue,
            items=wording.count(row.size, "{n} item", "{n} items"),
        )
        for row in worth.rename(columns={"sum": "worth"}).itertuples(index=False)
    ]
    sentence = say("The next session has most to settle on: {disputes}.", disputes=say("; ").join(said))
    return [made("session:next", "know", sentence, "session-items")]
