"""What a found segment's rows say of its kind, on rows made by hand: what was planted is told, and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labelqa_lib.causes import Cause, auditing, examples, inside, kinds, timing

WEEKS = ("2026-W44", "2026-W45", "2026-W46")
MONDAY = pd.Timestamp("2026-10-26")
RECENT = WEEKS[-1:]
KUL = Cause({"site": ["KUL"]}, 0.001, 10, 5, 15, 0.9, 100, 50)


def row(place: int, **given) -> dict:
    """A correct annotation of the day `place` after the first Monday."""
    day = MONDAY + pd.Timedelta(days=place)
    made = {
        "annotation_id": f"n{place:03d}", "item_id": f"i{place:03d}", "week": WEEKS[place // 7], "local_date": day.date(),
        "site": "KUL", "queue": "q", "label": "ok", "reference_label": "ok", "policy_area": "safety", "is_error": 0,
        "weight": 2.0, "agent_id": f"a{place % 5}", "auditor_id": f"q{place % 2}", "handle_seconds": 20.0 + place % 3,
        "tenure": "12+ weeks", "shift": "morning 06-14", "weekday": day.day_name(), "error_cause": None, "comment": None,
        "audit_label": "ok", "second_label": None, "critical": False, "flips": False, "content_ref": f"ref/{place}",
    }  # fmt: skip
    return made | given


WRONG = {"label": "spam", "is_error": 1, "error_cause": "knowledge"}


def frame(*rows: dict) -> pd.DataFrame:
    made = pd.DataFrame(list(rows))
    return made.assign(annotation_id=[f"n{place:03d}" for place in range(len(made))])


def planted(**wrong) -> pd.DataFrame:
    """Five rows a day for three weeks; two errors before, and from the last Friday on three a day."""
    rows = [row(day) for day in range(21) for _time in range(5)]
    rows += [row(day, **WRONG) for day in (3, 9)]
    rows += [row(day, **(WRONG | wrong)) for day in (18, 19, 20) for _time in range(3)]
    rows += [row(day, site="MNL") for day in range(21)]
    return frame(*rows)


def test_inside_follows_value_sets_conjunctions_and_missing_values():
    rows = frame(row(0), row(1, site="MNL"), row(2, site=None), row(3, queue="r"))
    assert inside.inside(rows, {}).all()
    assert inside.inside(rows, {"site": ["KUL", None]}).tolist() == [True, False, True, True]
    assert inside.inside(rows, {"site": ["KUL"], "queue": ["r"]}).tolist() == [False, False, False, True]


def test_causes_are_named_by_letters():
    assert inside.names([KUL] * 28)[::9] == ["A", "J", "S", "AB"]


def test_the_confusion_that_grew_comes_first_with_the_errors_that_it_adds():
    rows = planted()
    grown = kinds.confusions(rows, [KUL], RECENT)
    assert grown[["cause", "reference_label", "label", "n"]].to_numpy().tolist() == [["A", "ok", "spam", 9]]
    weight = 2.0 * (35 + 9)
    assert grown["more"].iloc[0] == pytest.approx(weight * (9 / 44 - 2 / 72))
    assert grown["more_low"].iloc[0] < grown["more"].iloc[0] < grown["more_high"].iloc[0]
    assert grown["part"].tolist() == [1.0]


def test_a_confusion_that_did_not_grow_is_not_told():
    steady = frame(*[row(day, **(WRONG if time else {})) for day in range(21) for time in range(2)])
    assert kinds.confusions(steady, [KUL], RECENT).empty


def test_coded_causes_are_counted_among_coded_errors_only():
    coded = kinds.coded_causes(planted(error_cause="sop_changed"), [KUL], RECENT)
    assert coded[["error_cause", "before", "now", "n"]].to_numpy().tolist() == [["sop_changed", 0.0, 1.0, 9]]
    assert kinds.coded_causes(planted().assign(error_cause=None), [KUL], RECENT).empty


@pytest.mark.parametrize(
    ("said", "given"),
    [("first six weeks", {"tenure": "0-2 weeks"}), ("at night", {"shift": "night 22-06"})],
)
def test_errors_of_new_joiners_and_of_the_night_are_told(said, given):
    table = kinds.circumstances(planted(**given), [KUL], RECENT)
    told = table[table["circumstance"].str.contains(said)].iloc[0]
    assert told["errors_now"] == 1.0
    assert told["rows_now"] == pytest.approx(9 / 44)
    assert told["p_value"] < 1e-6


def test_circumstances_of_columns_that_nobody_delivered_are_left_out():
    bare = planted().assign(tenure=None, agent_id=None)
    table = kinds.circumstances(bare, [KUL], RECENT)
    assert not table["circumstance"].str.contains("agents").any()
    assert len(kinds.circumstances(planted(), [KUL], RECENT)) == 2, "weekend and agents; nobody new, nobody at night"


def test_pace_is_a_ratio_of_typical_times():
    slow = planted()
    slow.loc[slow["week"] == WEEKS[-1], "handle_seconds"] *= 1.5
    pace = kinds.pace(slow, [KUL], RECENT).iloc[0]
    assert pace["ratio"] == pytest.approx(1.5, rel=0.02)
    assert 1.4 < pace["ratio_low"] < pace["ratio"] < pace["ratio_high"] < 1.6
    assert kinds.pace(slow.assign(handle_seconds=np.nan), [KUL], RECENT).empty


def test_the_first_day_is_found():
    since = timing.since_when(planted(), [KUL], RECENT).iloc[0]
    friday = MONDAY + pd.Timedelta(days=18)
    assert since["day"] == friday
    assert since["day_low"] <= friday <= since["day_high"]
    assert (since["before"], since["after"]) == pytest.approx((2 / 92, 9 / 24))


def test_weeks_without_a_row_inside_are_undefined_and_stand():
    rows = planted()
    weeks = timing.weekly(rows[(rows["week"] != WEEKS[1]) | (rows["site"] == "MNL")], [KUL], RECENT)
    assert weeks["n"].tolist() == [36, 0, 44]
    assert weeks["estimate"].isna().tolist() == [False, True, False]
    assert weeks["estimate"].iloc[2] == pytest.approx(9 / 44)


SOP = pd.DataFrame(
    {
        "sop_version": ["safety-2", "adult-9", "safety-1"],
        "policy_area": ["safety", "adult", "safety"],
        "effective_from": [MONDAY + pd.Timedelta(days=18), MONDAY + pd.Timedelta(days=18), MONDAY - pd.Timedelta(days=90)],
        "summary": ["threats", "swimwear", "yearly"],
    }
)


def test_only_an_instruction_of_the_errors_policy_area_and_time_can_be_the_cause():
    fits = timing.instructions(planted(), [KUL], RECENT, SOP)
    assert fits["sop_version"].tolist() == ["safety-2"]
    assert bool(fits["fits"].iloc[0])
    assert fits["jump_low"].iloc[0] > 0.1
    earlier = timing.instructions(planted(), [KUL], RECENT, SOP.assign(effective_from=MONDAY + pd.Timedelta(days=7)))
    assert not earlier["fits"].any(), "the errors began eleven days later"
    assert timing.instructions(planted(), [KUL], RECENT, None).empty


@pytest.mark.parametrize(
    ("zone", "local", "fits"),
    [
        ("Asia/Kuala_Lumpur", "00:00", True), ("Asia/Kuala_Lumpur", "10:00", True), ("America/Mexico_City", "00:00", True),
        ("America/Mexico_City", "15:00", True), ("UTC", "00:00", True), ("America/Mexico_City", "-48:00", False),
    ],
)  # fmt: skip
def test_an_instruction_comes_into_force_on_a_day_of_the_market(zone, local, fits):
    began = MONDAY + pd.Timedelta(days=14)
    first = 14 * 24 + (15 if local == "15:00" else 0)  # the hour of the first errors: no instruction makes them before it holds
    rows = frame(*[row(day, **(WRONG if 24 * day + hour >= first and hour % 2 else {})) for day in range(21) for hour in range(24)])
    told = (began + pd.Timedelta(f"{local}:00")).tz_localize(zone).tz_convert("UTC").tz_localize(None)
    found = timing.instructions(rows, [KUL], RECENT, SOP.head(1).assign(effective_from=told), time_zone=zone).iloc[0]
    assert bool(found["fits"]) == fits
    assert found["effective_from"] == (began + pd.Timedelta(f"{local}:00")).round("D")


def test_second_audits_say_how_many_marked_errors_are_confirmed():
    cleared = planted(second_label="spam")
    second = auditing.second_audits(cleared, [KUL], RECENT)
    assert second[["period", "marked", "rechecked", "confirmed"]].to_numpy().tolist() == [["now", 9, 9, 0.0]]
    assert second["confirmed_high"].iloc[0] < 0.5
    assert auditing.second_audits(planted(second_label="ok"), [KUL], RECENT)["confirmed"].tolist() == [1.0]
    assert auditing.second_audits(planted(), [KUL], RECENT).empty


def test_an_auditor_who_alone_marks_the_errors_is_named():
    one = auditing.auditors(planted(auditor_id="q9"), [KUL], RECENT).iloc[0]
    assert (one["auditor_id"], one["audits"], one["errors"], one["share_of_errors"]) == ("q9", 9, 9, 1.0)
    assert one["p_value"] < 1e-6
    alike = auditing.auditors(planted(), [KUL], RECENT)
    assert alike["p_value"].iloc[0] > 0.1
    assert auditing.auditors(planted().assign(auditor_id="q1"), [KUL], RECENT).empty, "one auditor stands out from nobody"


FEW = {"agent_id": "with few items", "auditor_id": "with few audits"}


def test_people_pooled_for_their_few_rows_are_nobody_who_stands_out():
    """They stay in what the others' shares are of, and among whom a person is tested against."""
    pooled = auditing.auditors(planted(**FEW), [KUL], RECENT).iloc[0]
    assert pooled["auditor_id"] in ("q0", "q1")
    assert (pooled["share_of_errors"], pooled["p_value"]) == (0.0, 1.0)
    agents = kinds.circumstances(planted(**FEW), [KUL], RECENT)
    assert not agents["circumstance"].str.contains("most errors").any(), "nobody who can be told apart has an error"
    rows = planted(auditor_id="q9")
    good = rows["week"].isin(RECENT) & (rows["is_error"] == 0)
    rows.loc[good, "auditor_id"], rows.loc[rows.index[good][:9], "auditor_id"] = "with few audits", "q9"
    one = auditing.auditors(rows, [KUL], RECENT).iloc[0]
    inside = (rows["week"].isin(RECENT) & (rows["site"] == "KUL")).sum()
    assert (one["auditor_id"], one["share_of_errors"]) == ("q9", 1.0)
    assert one["share_of_audits"] == one["audits"] / inside
    assert one["p_value"] < 1e-3, "one auditor looked at, against all others together"


@pytest.mark.parametrize(
    ("errors", "said"),
    [(["a1"], "by the agent with"), (["a1", "a2", "with few items"], "by the two agents with"), (list("dcba"), "by the three agents with")],
)
def test_so_many_agents_are_told_as_have_errors(errors, said):
    rows = frame(*[row(14 + place, agent_id=f"z{place}") for place in range(4)],
                 *[row(18, **WRONG, agent_id=agent) for agent in errors])  # fmt: skip
    told = kinds.circumstances(rows, [KUL], RECENT).query("p_value.isna()").iloc[0]
    assert said in told["circumstance"]
    named = [agent for agent in errors if agent != "with few items"][:3]
    assert told["errors_now"] == pytest.approx(len(named) / len(errors))
    assert told["rows_now"] == pytest.approx(len(named) / len(rows))


def test_every_auditor_is_shown_beside_the_others():
    table = auditing.by_auditor(planted(auditor_id="q9"), [KUL], RECENT).set_index("auditor_id")
    assert table.index[0] == "q9"
    # nine errors of the last week went to q9 alone; q0 and q1 share its 35 good rows
    assert table.loc["q9", ["n", "now"]].tolist() == [9, 1.0]
    assert table.loc[["q0", "q1"], "now"].tolist() == [0.0, 0.0]
    assert table.loc[["q0", "q1"], "n"].sum() == 35
    assert auditing.by_auditor(planted(), [KUL], RECENT, fewest=100).empty


def test_errors_on_corrected_gold_are_counted():
    rows = planted()
    item = rows.loc[rows["week"].isin(RECENT) & (rows["is_error"] == 1), "item_id"].iloc[0]
    gold = pd.DataFrame({"item_id": [item, item, "else"], "gold_label": ["ok", "spam", "ok"]})
    assert auditing.gold_changes(rows, [KUL], RECENT, gold)[["errors", "on_gold", "on_changed_gold"]].to_numpy().tolist() == [
        [9, 3, 3]
    ]
    assert auditing.gold_changes(rows, [KUL], RECENT, None).empty


def test_examples_begin_with_the_grown_confusion_and_let_agents_take_turns():
    rows = planted()
    rows = pd.concat([rows, frame(row(20, label="hate", is_error=1)).assign(annotation_id="n999")], ignore_index=True)
    listed = examples.examples(rows, [KUL, Cause({"site": ["MNL"]}, 0.01, 1, 0, 2, 0.1, 9, 9)], RECENT, most=4)
    assert listed["cause"].tolist() == ["A"] * 4, "nothing is wrong at MNL"
    assert listed["label"].tolist() == ["spam"] * 4
    assert listed["agent_id"].head(3).nunique() == 3
    assert listed["audits"].iloc[0].endswith(": ok")
    assert listed["content_ref"].str.startswith("ref/").all()


def test_no_causes_make_empty_frames():
    rows = planted()
    made = [
        kinds.confusions(rows, [], RECENT), kinds.coded_causes(rows, [], RECENT), kinds.circumstances(rows, [], RECENT),
        kinds.pace(rows, [], RECENT), timing.since_when(rows, [], RECENT), timing.weekly(rows, [], RECENT),
        timing.instructions(rows, [], RECENT, SOP), auditing.second_audits(rows, [], RECENT),
        auditing.auditors(rows, [], RECENT), examples.examples(rows, [], RECENT),
    ]  # fmt: skip
    assert all(part.empty and "cause" in part for part in made)
