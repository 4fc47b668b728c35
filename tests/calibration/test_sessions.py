"""What a session should be about: items, unclear SOP against training, gold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from metrics.snapshots import MONDAYS, WEEKS, make, snapshot

from labelqa_lib.calibration import (
    correction,
    gold_accuracy,
    gold_answers,
    label_set,
    overdue_gold,
    overlap,
    session_items,
    splits,
    suspect_gold,
    traps,
)
from labelqa_lib.calibration.splits import TRAINING, UNCLEAR, UNDECIDED, split_verdicts

from .rows import overlapping

ORDER = pd.DataFrame({
    "label": ["ok", "spam", "hate"], "violating": [False, True, True], "critical": [False, False, True],
    "title": ["", "", ""],
})  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ overlap
def test_overlap_is_items_of_several_blind_annotations():
    def row(item, agent, label="ok", **more):
        return {"annotation_id": f"{item}{agent}{more.get('week', '')}", "item_id": item, "agent_id": agent, "label": label,
                "blind": True} | more  # fmt: skip

    tables = make(annotations=[
        row("1", "a", queue="q"), row("1", "b", "spam", queue="r"), row("2", "a"), row("3", "a"), row("3", "b", blind=False),
        row("4", "a", week=WEEKS[0]), row("4", "a", "spam"),
    ])  # fmt: skip
    rows = overlap(tables)
    assert rows["item_id"].tolist() == ["4", "1", "1", "4"]
    assert rows["repeated"].tolist() == [False, False, False, True]
    assert rows.loc[rows["item_id"] == "1", "queue"].tolist() == ["q", "q"], "the item's queue, not the second agent's"
    assert label_set(tables)["label"].tolist() == ["ok", "spam", "hate"]


# -------------------------------------------------------------------------------------------------------------- items
def disputes(**counts: int) -> pd.DataFrame:
    """So many items on which two agents gave these two labels."""
    rows = []
    for pair, count in counts.items():
        for place in range(count):
            rows += [(f"{pair}{place}", agent, label) for agent, label in zip("ab", pair.split("_"), strict=True)]
    return overlapping(*rows)


def test_a_label_may_hold_any_mark_and_its_dispute_costs_what_it_costs():
    """Violating against benign and critical: 2 x 2, also where a label's name holds a slash between spaces."""
    named = ORDER.replace("hate", "hate / abuse")
    rows = disputes(ok_hate=3)
    rows["label"] = rows["label"].replace("hate", "hate / abuse")
    assert session_items(rows, named)["cost"].unique().tolist() == [4]


def test_frequent_and_costly_disputes_come_first_and_no_dispute_fills_the_hour():
    rows = disputes(ok_spam=10, spam_hate=4, ok_hate=3, ok_ok=50)
    chosen = session_items(rows, ORDER, minutes=15)
    assert len(chosen) == 5
    assert chosen["value"].is_monotonic_decreasing
    first = chosen.iloc[0]
    # one bit x 10 a week x violating against benign
    assert (first["labels"], first["open"], first["volume"], first["cost"]) == ("ok 1, spam 1", 1, 10, 2)
    assert first["value"] == 20
    assert chosen["labels"].tolist()[1] == "hate 1, ok 1", (
        "3 x flips x critical = 12 is more than a second ok/spam at 10"
    )
    assert chosen["labels"].nunique() == 3
    assert not len(session_items(disputes(ok_ok=5), ORDER))


# ------------------------------------------------------------------------------------------------------------- splits
def judged(site: str, right: int, wrong: int, truth="hate", given="spam") -> dict:
    names = [f"{site}{truth}{place}" for place in range(right + wrong)]
    labels = [truth] * right + [given] * wrong
    annotations = [
        {"annotation_id": name, "item_id": f"i{name}", "agent_id": f"{site}{place % 4}", "label": label, "site": site}
        for place, (name, label) in enumerate(zip(names, labels, strict=True))
    ]
    return {"annotations": annotations, "audits": [{"annotation_id": name, "audit_label": truth} for name in names]}


def verdicts(*parts: dict) -> pd.DataFrame:
    return splits(make(**{name: [row for part in parts for row in part[name]] for name in ("annotations", "audits")}))


def test_one_site_that_differs_needs_training():
    found = verdicts(judged("K", 30, 20), judged("P", 48, 2), judged("Q", 49, 1))
    assert found[["verdict", "site", "reference_label", "label"]].to_numpy().tolist() == [
        [TRAINING, "K", "hate", "spam"]
    ]
    row = found.iloc[0]
    assert (row["site_share"], row["rest_share"], row["errors"], row["n"]) == (0.4, 0.03, 23, 150)
    assert row["sites"] == "K 40 % of 50, P 4 % of 50, Q 2 % of 50"
    assert row["policy_area"] == "safety"


def counted(**sites: tuple[int, int]) -> pd.DataFrame:
    """Verdicts on one confusion, from wrong ones and items of each site."""
    cells = [("safety", "hate", given, site, n) for site, (wrong, items) in sites.items()
             for given, n in (("spam", wrong), ("hate", items - wrong))]  # fmt: skip
    return split_verdicts(pd.DataFrame(cells, columns=["policy_area", "reference_label", "label", "site", "n"]))


@pytest.mark.parametrize(("worse", "better"), [((40, 100), (2, 100)), ((60, 100), (20, 100)), ((33, 121), (4, 55))])
def test_of_two_sites_the_worse_one_needs_training_whatever_their_names(worse, better):
    share = (worse[0] / worse[1], better[0] / better[1])
    for name, given in (("K", {"K": worse, "P": better}), ("P", {"K": better, "P": worse})):
        row = counted(**given).iloc[0]
        assert (row["verdict"], row["site"], row["also"]) == (TRAINING, name, ())
        assert (row["site_share"], row["rest_share"]) == pytest.approx(share)


def test_one_site_that_reads_it_better_proves_the_text_and_the_others_need_training():
    row = counted(K=(60, 200), P=(60, 200), Q=(20, 200)).iloc[0]
    assert (row["verdict"], row["site"], row["also"]) == (TRAINING, "K", ("P",))
    assert (row["site_share"], row["rest_share"]) == (0.3, 0.1)
    many = counted(K=(56, 200), P=(57, 200), R=(58, 200), S=(55, 200), Q=(16, 200)).iloc[0]
    assert (many["site"], many["also"], many["rest_share"]) == ("R", ("P", "K", "S"), 0.08), "the surest first"
    few = counted(K=(6, 20), P=(6, 20), R=(6, 20), S=(6, 20), Q=(0, 40)).iloc[0]
    assert few["verdict"] == TRAINING and {few["site"], *few["also"]} == set("KPRS")


def test_a_site_with_hardly_more_than_the_others_is_not_sent_along():
    row = counted(K=(40, 100), P=(9, 100), Q=(50, 1000), R=(2, 10)).iloc[0]
    assert (row["verdict"], row["site"], row["also"]) == (TRAINING, "K", ())
    assert row["rest_share"] == 61 / 1110


def test_sites_that_are_exactly_alike_name_none():
    row = counted(K=(30, 100), P=(60, 200)).iloc[0]
    assert (row["verdict"], row["site"], row["also"], row["p_value"]) == (UNCLEAR, "", (), 1.0)
    assert np.isnan(row["site_share"]) and np.isnan(row["rest_share"])


def test_everybody_splitting_the_same_way_is_the_sop():
    found = verdicts(judged("K", 35, 15), judged("P", 34, 16))
    assert found["verdict"].tolist() == [UNCLEAR]
    assert found["p_value"].iloc[0] > 0.5


def test_what_cannot_be_told_apart_is_left_open():
    assert verdicts(judged("K", 35, 15))["verdict"].tolist() == [UNDECIDED], "one site alone"
    few = verdicts(judged("K", 35, 15), judged("P", 4, 1))
    assert few["verdict"].tolist() == [UNDECIDED], "the other has too few items"


def test_rare_confusions_that_all_sites_share_are_no_matter():
    assert not len(verdicts(judged("K", 95, 5), judged("P", 96, 4)))
    assert not len(splits(make(annotations=[{"annotation_id": "x", "item_id": "i", "label": "ok"}])))


@pytest.mark.slow
@pytest.mark.parametrize("sites", ["KP", "KPQ", "KPQRST"])
def test_sites_that_are_alike_are_rarely_sent_to_training(sites):
    """Sixty markets of three confusions, alike at all sites: few are told that one differs."""
    rng = np.random.default_rng(5)
    keys = [("area", truth, site) for truth in ("ok", "spam", "hate") for site in sites]
    named = 0
    for _ in range(60):
        wrong = rng.binomial(50, 0.2, size=len(keys))
        cells = [(*key[:2], given, key[2], n) for key, few in zip(keys, wrong, strict=True)
                 for given, n in (("other", few), (key[1], 50 - few))]  # fmt: skip
        told = split_verdicts(pd.DataFrame(cells, columns=["policy_area", "reference_label", "label", "site", "n"]))
        named += (told["verdict"] == TRAINING).any()
    assert named <= 6


# --------------------------------------------------------------------------------------------------------------- gold
def on_gold(answers: dict[str, str], gold: dict[str, str], agents: str = "abcdef", **more) -> dict:
    """Each item's answers, one letter an agent in turn: o(k), s(pam), h(ate)."""
    names = {"o": "ok", "s": "spam", "h": "hate"}
    annotations = [
        {"annotation_id": f"{item}{agent}", "item_id": item, "agent_id": agent, "label": names[letter]}
        for item, letters in answers.items()
        for agent, letter in zip(agents, letters, strict=False)
    ]
    set_at = MONDAYS[WEEKS[0]]
    return {"annotations": annotations,
            "gold": [{"item_id": item, "gold_label": label, "set_at": set_at} | more for item, label in gold.items()]}  # fmt: skip


def test_accuracy_on_gold():
    answers = gold_answers(make(**on_gold({"1": "ooo", "2": "oso", "3": "sss"}, {"1": "ok", "2": "ok"})))
    assert answers["right"].tolist() == [True, True, True, True, False, True]
    row = gold_accuracy(answers, WEEKS).iloc[0]
    assert (row["estimate"], row["n"]) == (pytest.approx(5 / 6), 6)
    assert row["method"].endswith("by agent")
    assert gold_accuracy(answers.assign(agent_id=None), WEEKS)["method"].iloc[0].endswith("by item")
    nothing = gold_accuracy(gold_answers(make(annotations=[])), WEEKS)
    assert nothing["reason"].tolist() == ["needs gold with answers; not delivered"]


def test_gold_of_the_annotations_own_sop_holds():
    parts = on_gold({"1": "os"}, {"1": "ok"}, sop_version="v1")
    parts["gold"] += [{"item_id": "1", "gold_label": "spam", "sop_version": "v2", "set_at": MONDAYS[WEEKS[1]]}]
    for row, version in zip(parts["annotations"], ("v1", "v2"), strict=True):
        row["sop_version"] = version
    assert gold_answers(make(**parts))["right"].tolist() == [True, True]
    for row in parts["annotations"]:
        row["sop_version"] = None
    assert gold_answers(make(**parts))["gold_label"].tolist() == ["spam", "spam"], "the latest, where nobody says which"


def test_gold_that_good_people_miss_is_questioned_and_its_correction_measured():
    items = {str(place): "oooooo" for place in range(20)} | {"odd": "ssssss", "hard": "ooooss"}
    answers = gold_answers(make(**on_gold(items, dict.fromkeys(items, "ok"))))
    found = suspect_gold(answers)
    assert found.loc[found["flagged"], ["item_id", "suggested"]].to_numpy().tolist() == [["odd", "spam"]]
    changed = correction(answers, found)
    assert changed["item_id"].tolist() == ["all of them", "odd"]
    assert changed["before"].iloc[0] == pytest.approx(124 / 132)
    assert changed["after"].iloc[0] == pytest.approx(130 / 132)
    assert not len(correction(answers, found.assign(flagged=False)))
    assert not len(suspect_gold(answers.head(0)))


def test_people_who_miss_much_gold_do_not_question_it():
    items = {str(place): "ooosss" for place in range(20)} | {"odd": "ooosss"}
    found = suspect_gold(gold_answers(make(**on_gold(items, dict.fromkeys(items, "ok")))))
    assert not found["flagged"].any()
    assert (found["n"] == 3).all(), "only the three who are right elsewhere"


def test_gold_of_a_superseded_sop_and_old_gold_is_overdue():
    parts = on_gold({"1": "o", "2": "o", "3": "o"}, {"1": "ok", "2": "ok", "3": "ok"})
    old = pd.Timestamp("2026-01-05")
    parts["gold"][0] |= {"sop_version": "v1"}
    parts["gold"][1] |= {"set_at": old}
    found = overdue_gold(make(**parts))
    assert found["n"].tolist() == [1] and found["oldest"].tolist() == ["2026-01-05"]
    assert "26 weeks" in found["why"].iloc[0]


# -------------------------------------------------------------------------------------------------------------- traps
def met(rows: pd.DataFrame, **tables) -> dict:
    return {row.trap: (row.n, row.of, row.detail) for row in traps(make(**tables), rows).itertuples()}


def test_labels_merged_before_delivery():
    assert met(disputes(ok_ok=30), annotations=[]) == {"aggregated": (30, 30, "")}
    assert met(disputes(ok_ok=30, ok_spam=1), annotations=[]) == {}
    assert met(disputes(ok_ok=29), annotations=[]) == {}, "too few to say"


def test_conflicting_repeats_and_a_dominant_agent():
    rows = overlapping(("1", "a", "ok"), ("1", "a", "spam"), ("2", "a", "ok"), ("2", "a", "ok"), ("2", "b", "ok"))
    made = [("top", 300)] + [(f"a{number}", 10) for number in range(12)]
    annotations = [
        {"annotation_id": f"{agent}{place}", "item_id": f"{agent}{place}", "agent_id": agent, "label": "ok"}
        for agent, count in made
        for place in range(count)
    ]
    assert met(rows, annotations=annotations) == {"repeated": (1, 2, ""), "dominant": (300, 420, "top")}


def test_rows_without_a_snapshot_on_disk_are_in_one_market():
    assert snapshot().folder is None
    assert "two_markets" not in met(disputes(ok_spam=1), annotations=[])
