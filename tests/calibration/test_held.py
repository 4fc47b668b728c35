"""Sessions that the data tell of, and what changed after them."""

from __future__ import annotations

import pandas as pd
import pytest
from metrics.snapshots import joined, labelled, make

from labelqa_lib.calibration import audits_lately, before_after, sessions_held

from .rows import LABELS, overlapping

WEEKS = tuple(f"2026-W{week}" for week in range(38, 47))


def spanning(**rows):
    """Tables whose weeks are `WEEKS`."""
    return make(weeks=WEEKS, **rows)


def done(action: str, closed: str, site: str | None = None, status: str = "done") -> dict:
    day = pd.Timestamp(closed).date()
    return {"action_id": action + closed, "action": action, "site": site, "closed_on": day, "status": status}


def pairs(week: str, same: int, apart: int, sites=("K", "K")) -> pd.DataFrame:
    answers = [("ok", "ok"), ("spam", "spam")] * (same // 2) + [("ok", "spam")] * apart
    return overlapping(*((f"{week}{sites}{place}", agent, label, site, week)
                         for place, both in enumerate(answers)
                         for agent, label, site in zip("ab", both, sites, strict=True)))  # fmt: skip


NOTHING = pairs("2026-W40", 0, 1).head(0)


def test_sessions_of_the_register():
    """Done, about calibration in whatever language, and with a week on each side; the latest first."""
    tables = spanning(annotations=[], actions=[
        done("Weekly calibration with the leads of K", "2026-10-14", "K"), done("Sesi kalibrasi", "2026-10-23"),
        done("Retrain the weakest tenth", "2026-10-14"), done("Calibration", "2026-10-14", status="open"),
        done("Calibration", "2026-09-16"), done("Calibration", "2026-11-12"),
    ])  # fmt: skip
    found = sessions_held(tables, NOTHING)
    assert found.to_numpy().tolist() == [
        ["everybody, closed 2026-W43", "", "2026-W42", "2026-W44"],
        ["K, closed 2026-W42", "K", "2026-W41", "2026-W43"],
    ]
    named = sessions_held(tables, NOTHING, "2026-W41")
    assert named[["last_before", "first_after"]].to_numpy().tolist() == [["2026-W40", "2026-W41"]]


def test_a_calibration_set_is_a_session_and_everyday_overlap_is_none():
    many = [(f"set{place}", f"agent {agent}", "ok", "K", "2026-W42") for place in range(10) for agent in range(5)]
    everyday = [(f"pair{place}", agent, "ok", "K", "2026-W41") for place in range(60) for agent in "ab"]
    tables = spanning(annotations=[])
    found = sessions_held(tables, overlapping(*many, *everyday))
    assert found.to_numpy().tolist() == [["calibration set of 10 items, 2026-W42", "", "2026-W41", "2026-W43"]]
    assert not len(sessions_held(tables, overlapping(*many))), "where every item goes to many, it is the way of working"
    assert not len(sessions_held(tables, NOTHING))


def test_before_and_after_a_session():
    """Four weeks a side, the session's own week on neither."""
    rows = pd.concat([pairs("2026-W38", 0, 90), pairs("2026-W40", 20, 20), pairs("2026-W42", 0, 90), pairs("2026-W44", 58, 2)])
    tables = spanning(annotations=[], actions=[done("Calibration", "2026-10-14")])
    held = sessions_held(tables, rows).assign(last_before="2026-W41")
    row = before_after(tables, rows[rows["week"] != "2026-W38"], LABELS, held).iloc[0]
    assert (row["session"], row["site"], row["metric"], row["own"]) == ("everybody, closed 2026-W42", "all", "gwet_ac1", True)
    assert (row["n_before"], row["n_after"]) == (40, 60)
    assert row["difference"] == pytest.approx(row["after"] - row["before"]) and row["difference_low"] > 0.2
    assert not len(before_after(tables, rows, LABELS, held.head(0)))
    assert not len(before_after(tables, rows[rows["week"] < "2026-W43"], LABELS, held)), "nothing after it"


def test_a_sites_session_is_held_to_the_sites_without_one():
    """Agreement with the key by hand: K from 6 of 12 to 12 of 12, L stays at 9 of 12."""
    audited = joined(*(
        labelled(" ".join(["ok>ok"] * right + ["spam>ok"] * (12 - right)), week=week, agent_id=site + week, site=site)
        for week, site, right in (("2026-W45", "K", 6), ("2026-W45", "L", 9), ("2026-W46", "K", 12), ("2026-W46", "L", 9))
    ))  # fmt: skip
    tables = make(**audited)
    held = pd.DataFrame([("K, closed", "K", "2026-W45", "2026-W46")],
                        columns=["session", "site", "last_before", "first_after"])  # fmt: skip
    found = before_after(tables, NOTHING, LABELS, held)
    assert found[["site", "metric", "before", "after", "own"]].to_numpy().tolist() == [
        ["K", "accuracy", 0.5, 1.0, True], ["L", "accuracy", 0.75, 0.75, False],
    ]  # fmt: skip
    assert found["difference"].tolist() == [0.5, 0.0]
    assert not len(before_after(tables, NOTHING, LABELS, held.assign(site="M"))), "what others did says nothing of M's"


def test_a_key_of_audits_before_and_of_gold_after_a_session_tells_nothing_of_it():
    weeks = ("2026-W45", "2026-W46")
    parts = joined(labelled("ok>ok spam>ok " * 20, week=weeks[0], agent_id="a", site="K"),
                   labelled("ok> " * 40, week=weeks[1], agent_id="a", site="K"))  # fmt: skip
    gold = [{"item_id": row["item_id"], "gold_label": "ok"} for row in parts["annotations"] if row["week"] == weeks[1]]
    held = pd.DataFrame([("K, closed", "K", *weeks)], columns=["session", "site", "last_before", "first_after"])
    both = pd.concat([pairs(weeks[0], 20, 20), pairs(weeks[1], 40, 0)])
    found = before_after(make(**parts, gold=gold), both, LABELS, held)
    assert found["metric"].tolist() == ["gwet_ac1"], "agreement between people needs no key"
    assert not len(before_after(make(**parts, gold=gold), NOTHING, LABELS, held))


def test_errors_that_all_qas_begin_to_miss():
    def checked(week: int, missed: int) -> dict:
        names = [f"w{week}-{place}" for place in range(60)]
        monday = pd.Timestamp("2026-09-14") + pd.Timedelta(weeks=week)
        annotations = [{"annotation_id": name, "item_id": name, "agent_id": name[-1], "label": "ok", "week": WEEKS[week],
                        "annotated_at": monday, "local_date": monday.date()} for name in names]  # fmt: skip
        common = {"week": WEEKS[week], "audited_at": monday}
        audits = [{"annotation_id": name, "audit_label": "ok", "auditor_id": f"q{place % 6}"} | common
                  for place, name in enumerate(names)]  # fmt: skip
        audits += [{"annotation_id": name, "tier": 2, "auditor_id": "a", "audit_label": "spam" if place < missed else "ok"} | common
                   for place, name in enumerate(names)]  # fmt: skip
        return {"annotations": annotations, "audits": audits}

    found = audits_lately(_weeks(checked, [0] * 5 + [6] * 4)).set_index("metric").loc["missed_error_rate"]
    assert (found["before"], found["after"], found["n_before"], found["n_after"]) == (0, 0.1, 300, 240)
    assert found["difference_low"] > 0
    assert not (audits_lately(_weeks(checked, [1] * 9))["difference_low"] > 0).any()
    assert not len(audits_lately(make(annotations=[])))


def _weeks(checked, missed: list[int]):
    from metrics import snapshots

    mondays = {week: pd.Timestamp("2026-09-14") + pd.Timedelta(weeks=place) for place, week in enumerate(WEEKS)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshots, "MONDAYS", snapshots.MONDAYS | mondays)
        return spanning(**joined(*(checked(week, count) for week, count in enumerate(missed))))
