"""The demo: in the contract's form, the same bytes for the same seed, and what it plants is really there."""

from __future__ import annotations

import copy
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from labelqa_lib import params
from labelqa_lib.errors import ParamsError, UsageError
from labelqa_lib.sources.demo import simulate

ROOT = Path(__file__).resolve().parents[2]
PARAMETERS = params.load_yaml(ROOT / "params" / "demo.yaml")

# table: (key, columns) as in the data contract, optional ones included
CONTRACT = {
    "labels": ("label", "label policy_area violating critical order title"),
    "items": (
        "item_id",
        "item_id market queue policy_area content_type language arrived_at model_label model_score content_ref",
    ),
    "annotations": (
        "annotation_id",
        "annotation_id item_id market label annotated_at partner site queue agent_id handle_seconds sop_version blind "
        "content_type language",
    ),
    "audits": (
        "audit_id",
        "audit_id annotation_id tier auditor_id audit_label audited_at blind sampling_reason stratum "
        "inclusion_probability error_cause comment",
    ),
    "gold": ("item_id sop_version", "item_id gold_label sop_version set_at"),
    "appeals": ("appeal_id", "appeal_id target target_id raised_by raised_at resolved_at outcome final_label"),
    "people": (
        "person_id",
        "person_id role market partner site started_on target_live_on live_on left_on team languages",
    ),
    "shifts": (
        "person_id date",
        "person_id date scheduled_minutes paid_minutes available_minutes handling_minutes auxiliary_minutes",
    ),
    "queue_hours": (
        "market queue hour",
        "market queue hour arrived completed completed_within_sla backlog sla_minutes",
    ),
    "quiz_answers": (
        "quiz_id person_id question_id attempt",
        "quiz_id person_id question_id attempt answer correct_answer points taken_at policy_area",
    ),
    "requests": (
        "request_id",
        "request_id market requested_by title queue sop_version items_requested items_delivered accuracy_target "
        "opened_on due_on delivered_on status",
    ),
    "sop_versions": ("sop_version policy_area", "sop_version policy_area effective_from summary changed_labels"),
    "sop_acknowledgements": ("sop_version person_id", "sop_version person_id acknowledged_at"),
    "actions": (
        "action_id",
        "action_id market partner site finding_code action owner opened_on due_on closed_on status expected_gain",
    ),
}
ALLOWED = {
    ("audits", "sampling_reason"): {"random", "risk", "gold", "appeal", "adhoc"},
    ("audits", "error_cause"): {"knowledge", "attention", "sop_unclear", "sop_changed", "tool", "language", "other"},
    ("appeals", "target"): {"annotation", "audit"},
    ("appeals", "raised_by"): {"customer", "agent", "site"},
    ("appeals", "outcome"): {"pending", "upheld", "overturned", "withdrawn"},
    ("people", "role"): {"agent", "qa", "auditor"},
    ("requests", "requested_by"): {"algorithm", "policy", "operations"},
    ("requests", "status"): {"draft", "sop_review", "labelling", "delivered", "cancelled"},
    ("actions", "status"): {"open", "doing", "done", "dropped"},
}
END = pd.Timestamp("2026-11-20")


def iso_week(moments: pd.Series) -> pd.Series:
    days = moments.dt.floor("D")
    return days.map({day: day.strftime("%G-W%V") for day in days.unique()})


class World:
    """A delivery read back, with the truth and the market's own week beside each annotation."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._read: dict[str, pd.DataFrame] = {}
        self.incidents = {one["code"]: one for one in yaml.safe_load((folder / "incidents.yaml").read_text("utf-8"))}
        self.annotations = self["annotations"].merge(self["truth/truth"], on="annotation_id")
        self.annotations["wrong"] = self.annotations["label"] != self.annotations["true_label"]
        local = self.annotations["annotated_at"].copy()
        for market, settings in PARAMETERS["markets"].items():
            own = self.annotations["market"] == market
            zone = settings["time_zone"]
            local[own] = local[own].dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None)
        self.annotations["local"], self.annotations["week"] = local, iso_week(local)

    def __getitem__(self, table: str) -> pd.DataFrame:
        if table not in self._read:
            self._read[table] = pd.read_parquet(self.folder / f"{table}.parquet")
        return self._read[table]

    def audited(self, tier: int = 1) -> pd.DataFrame:
        """Random audits of a tier with their annotations."""
        audits = self["audits"]
        audits = audits[(audits["tier"] == tier) & (audits["sampling_reason"] == "random")]
        return audits.merge(self.annotations, on="annotation_id", suffixes=("_audit", ""))

    def of(self, code: str, *, before: bool = False) -> pd.DataFrame:
        """Annotations in an incident's market and `where`; of its weeks, or of all others."""
        planted = self.incidents[code]
        rows = self.annotations[self.annotations["market"] == planted["market"]]
        areas = {name: queue["policy_area"] for name, queue in PARAMETERS["queues"].items()}
        rows = rows.assign(policy_area=rows["queue"].map(areas))
        for name, value in planted["segment"].items():
            if name != "reference_label":
                rows = rows[rows[name] == value]
        return rows[rows["week"].isin(planted["weeks"]) != before]


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> World:
    target = tmp_path_factory.mktemp("demo") / "small"
    counts = simulate(PARAMETERS, target, scale=0.06)
    world = World(target)
    assert counts == {table: len(world[table]) for table in CONTRACT}
    return world


@pytest.fixture(scope="module")
def full(tmp_path_factory) -> World:
    target = tmp_path_factory.mktemp("demo") / "full"
    simulate(PARAMETERS, target)
    return World(target)


# ------------------------------------------------------------------------------------------------ the contract's form


@pytest.mark.parametrize("table", CONTRACT)
def test_columns_and_keys_are_the_contracts(small, table):
    key, columns = CONTRACT[table]
    rows = small[table]
    assert list(rows.columns) == columns.split()
    assert len(rows)
    assert not rows.duplicated(key.split()).any()
    assert rows[key.split()].notna().all().all()


@pytest.mark.parametrize(("table", "column"), ALLOWED)
def test_values_are_allowed(small, table, column):
    assert set(small[table][column].dropna()) <= ALLOWED[table, column]


@pytest.mark.slow
def test_foreign_keys_resolve(small):
    items, annotations, audits, people = (small[name] for name in ("items", "annotations", "audits", "people"))
    labels, versions = set(small["labels"]["label"]), set(small["sop_versions"]["sop_version"])
    role = audits["tier"].map({1: "qa", 2: "auditor"})
    assert (audits["auditor_id"].map(people.set_index("person_id")["role"]) == role).all()
    assert set(annotations["agent_id"]) <= set(people.loc[people["role"] == "agent", "person_id"])
    assert set(audits["annotation_id"]) <= set(annotations["annotation_id"])
    for table in ("annotations", "gold"):
        assert set(small[table]["item_id"]) <= set(items["item_id"])
    for target, ids in {"annotation": annotations["annotation_id"], "audit": audits["audit_id"]}.items():
        assert set(small["appeals"].query("target == @target")["target_id"]) <= set(ids)
    for table in ("shifts", "quiz_answers", "sop_acknowledgements"):
        assert set(small[table]["person_id"]) <= set(people["person_id"])
    for table in ("annotations", "gold", "sop_acknowledgements", "requests"):
        assert set(small[table]["sop_version"]) <= versions
    for table, column in [("annotations", "label"), ("audits", "audit_label"), ("gold", "gold_label"),
                          ("items", "model_label"), ("appeals", "final_label")]:  # fmt: skip
        assert set(small[table][column].dropna()) <= labels


def test_times_lie_in_a_plausible_order_before_the_end(small):
    rows = small.annotations.merge(small["items"], on="item_id", suffixes=("", "_item"))
    assert (rows["annotated_at"] > rows["arrived_at"]).all()
    audits = small["audits"].merge(small.annotations, on="annotation_id")
    assert (audits["audited_at"] > audits["annotated_at"]).all()
    both = audits.pivot_table(index="annotation_id", columns="tier", values="audited_at").dropna()
    assert (both[2] > both[1]).all()
    appeals = small["appeals"].merge(small.annotations, left_on="target_id", right_on="annotation_id")
    assert (appeals["raised_at"] > appeals["annotated_at"]).all()
    assert (appeals["resolved_at"].dropna() > appeals.loc[appeals["resolved_at"].notna(), "raised_at"]).all()
    pending = small["appeals"]["outcome"] == "pending"
    assert pending.any()
    assert (small["appeals"]["resolved_at"].isna() == pending).all()
    assert (small["appeals"]["final_label"].notna() == small["appeals"]["outcome"].isin(["upheld", "overturned"])).all()
    for table, column in [("audits", "audited_at"), ("appeals", "raised_at"), ("appeals", "resolved_at"),
                          ("quiz_answers", "taken_at"), ("sop_acknowledgements", "acknowledged_at")]:  # fmt: skip
        assert small[table][column].max() < END
    assert set(small.annotations["week"]) == {f"2026-W{week}" for week in range(21, 47)}


def test_who_audits_whom_and_with_which_chance(small):
    audits = small["audits"].merge(small.annotations, on="annotation_id", suffixes=("_audit", ""))
    assert (audits["auditor_id"] != audits["agent_id"]).all()
    assert not audits.duplicated(["annotation_id", "tier"]).any()
    random = audits["sampling_reason"] == "random"
    chance = audits["inclusion_probability"]
    assert (chance.notna() == random).all()
    assert (audits["stratum"].notna() == random).all()
    assert chance[random].between(0, 1, inclusive="right").all()
    assert chance[random & (audits["tier"] == 1)].nunique() == 4
    second = audits[audits["tier"] == 2]
    assert set(second["annotation_id"]) <= set(audits.loc[random & (audits["tier"] == 1), "annotation_id"])
    assert audits["error_cause"][audits["audit_label"] == audits["label"]].isna().all()


def test_audits_are_drawn_with_the_chance_they_state(small):
    audited = small.audited()
    drawn = (1 / audited["inclusion_probability"]).sum()
    spread = np.sqrt(((1 - audited["inclusion_probability"]) / audited["inclusion_probability"] ** 2).sum())
    assert abs(drawn - len(small.annotations)) < 4 * spread
    assert 0.04 < len(audited) / len(small.annotations) < 0.07
    assert 0.15 < len(small.audited(tier=2)) / len(audited) < 0.25  # what demo.yaml's tier2 chances come to


def test_every_market_has_its_sites_and_people(small):
    agents = small["people"].query("role == 'agent'")
    assert (agents.groupby("market")["site"].nunique() >= 2).all()
    assert set(agents["market"]) == set(PARAMETERS["markets"])
    assert (agents.groupby("site")["partner"].nunique() == 1).all()
    home = small.annotations["agent_id"].map(agents.set_index("person_id")["site"])
    assert (home == small.annotations["site"]).all()


def test_blind_pairs_are_two_agents_on_one_item(small):
    pairs = small.annotations[small.annotations["blind"]].groupby("item_id")["agent_id"]
    assert (pairs.size() == 2).all()
    assert (pairs.nunique() == 2).all()
    assert (small.annotations[~small.annotations["blind"]].groupby("item_id").size() == 1).all()
    assert 0.012 < len(pairs) / len(small["items"]) < 0.022


def test_minutes_agree_with_the_annotations(small):
    shifts = small["shifts"].set_index(["person_id", "date"])
    done = small.annotations.assign(date=small.annotations["local"].dt.date).groupby(["agent_id", "date"])
    handled = done["handle_seconds"].sum() / 60
    handled.index.names = ["person_id", "date"]
    assert handled.index.isin(shifts.index).all()
    difference = shifts["handling_minutes"] - handled.reindex(shifts.index, fill_value=0)
    assert difference.abs().max() <= 0.0501
    minutes = shifts[["handling_minutes", "available_minutes", "auxiliary_minutes"]].sum(axis=1)
    assert (minutes - shifts["paid_minutes"]).abs().max() < 0.25
    assert (shifts["scheduled_minutes"] >= shifts["paid_minutes"]).all()
    assert (shifts >= 0).all().all()


def test_queue_hours_agree_with_arrivals_and_completions(small):
    hours, items = small["queue_hours"], small["items"]
    assert hours["arrived"].sum() == len(items)
    assert hours["completed"].sum() == small.annotations["item_id"].nunique()
    assert (hours["completed_within_sla"] <= hours["completed"]).all()
    assert (hours["backlog"] >= 0).all()
    grouped = hours.groupby(["market", "queue"])
    assert (grouped["arrived"].cumsum() - grouped["completed"].cumsum() == hours["backlog"]).all()


def test_text_is_in_the_markets_language(small):
    comments = small["audits"].merge(small.annotations, on="annotation_id").dropna(subset="comment")
    assert comments.loc[comments["market"] == "TW", "comment"].str.contains("[\u4e00-\u9fff]").all()
    assert comments.loc[comments["market"] == "MX", "comment"].str.contains("[áéíóú¿]|SOP").all()


# ------------------------------------------------------------------------------------------ a seed, a scale, a folder


def fingerprint(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for name, seed in [("a", None), ("b", PARAMETERS["seed"]), ("c", 7)]:
        simulate(PARAMETERS, tmp_path / name, seed=seed, scale=0.01)
    first, second, other = (fingerprint(tmp_path / name) for name in "abc")
    assert first == second
    assert first["annotations.parquet"] != other["annotations.parquet"]


def test_one_table_does_not_shift_another(tmp_path):
    changed = copy.deepcopy(PARAMETERS)
    changed["audits"]["tier1"]["given_benign"] = 0.2
    simulate(PARAMETERS, tmp_path / "a", scale=0.01)
    simulate(changed, tmp_path / "b", scale=0.01)
    first, second = fingerprint(tmp_path / "a"), fingerprint(tmp_path / "b")
    moved = {name for name in first if first[name] != second[name]}
    assert moved == {"audits.parquet", "appeals.parquet", "incidents.yaml"}


def test_a_tiny_world_is_still_coherent(tmp_path):
    simulate(PARAMETERS, tmp_path / "tiny", scale=0.002)
    tiny = World(tmp_path / "tiny")
    assert 1000 < len(tiny.annotations) < 3500
    assert (tiny.annotations.groupby("market")["site"].nunique() >= 2).all()
    assert not (tiny.annotations.groupby("item_id").size() > 2).any()


def test_an_earlier_demo_is_replaced_and_anything_else_left_alone(tmp_path):
    target = tmp_path / "delivery"
    simulate(PARAMETERS, target, scale=0.002)
    simulate(PARAMETERS, target, scale=0.003)
    assert [path.name for path in tmp_path.iterdir()] == ["delivery"]
    other = tmp_path / "letters"
    other.mkdir()
    (other / "dear.txt").write_text("keep me")
    with pytest.raises(UsageError, match=r"is not a demo delivery .* left alone"):
        simulate(PARAMETERS, other, scale=0.002)
    with pytest.raises(UsageError, match="is not a folder"):
        simulate(PARAMETERS, other / "dear.txt", scale=0.002)
    assert (other / "dear.txt").read_text() == "keep me"


def test_a_demo_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("labelqa_lib.sources.demo.write_incidents", full_disk)
    with pytest.raises(OSError, match="No space"):
        simulate(PARAMETERS, tmp_path / "delivery", scale=0.002)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        (("errors", "base"), 1.4, r"demo parameters: errors.base: Input should be less than or equal to 1"),
        (("people", "agnets"), 3, r"people.agnets: is not a known setting"),
        (("markets", "MY", "sites"), {"XXX": 1}, r"markets.MY.sites: 'XXX' is not a site; known are BOG, KUL"),
        (("markets", "MY", "time_zone"), "Mars/Base", r"time zone 'Mars/Base' is not known"),
        (("partners", "Cirrus"), ["TPE", "KUL"], r"site 'KUL' belongs to 2 partners, must be 1"),
        (("queues", "live", "true_labels"), {"scarm": 1}, r"'scarm' is not a label"),
        (("incidents", 0, "share"), None, r"incident MY-COUNTERFEIT of kind confuse needs share"),
        (("incidents", 0, "where"), {"site": "XXX"}, r"incidents.MY-COUNTERFEIT: 'XXX' is not a site"),
        (("incidents", 5, "where"), {"site": "KUL"}, r"incident TW-MIX of kind mix needs `where: \{queue: ...\}`"),
        (("known_until",), "2026-11-16T00:00:00", r"must lie 4 days or more after 2026-W46"),
    ],
)
def test_wrong_parameters_are_sentences(tmp_path, place, value, sentence):
    parameters = copy.deepcopy(PARAMETERS)
    inner = parameters
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    with pytest.raises(ParamsError, match=sentence):
        simulate(parameters, tmp_path / "delivery", scale=0.002)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("scale", [0, -1, 1.5, float("nan")])
def test_a_scale_out_of_range_is_refused(tmp_path, scale):
    with pytest.raises(UsageError, match="is out of range"):
        simulate(PARAMETERS, tmp_path / "delivery", scale=scale)


# ----------------------------------------------------------------------------------------------- what it is to teach


def rate(wrong: pd.Series, chance: pd.Series) -> tuple[float, float]:
    """Weighted rate and its standard error under Poisson sampling."""
    weight = 1 / chance
    estimate = (weight * wrong).sum() / weight.sum()
    return estimate, np.sqrt((weight**2 * (wrong - estimate) ** 2).sum()) / weight.sum()


def test_weights_recover_the_true_error_rate(small):
    audited, truth = small.audited(), small.annotations["wrong"].mean()
    estimate, error = rate(audited["wrong"], audited["inclusion_probability"])
    assert abs(estimate - truth) < 3 * error


@pytest.mark.slow
def test_the_unweighted_error_rate_is_biased_where_the_weighted_one_is_not(full):
    audited, truth = full.audited(), full.annotations["wrong"].mean()
    estimate, error = rate(audited["wrong"], audited["inclusion_probability"])
    assert abs(estimate - truth) < 3 * error
    raw = audited["wrong"].mean()
    assert raw - truth > 6 * np.sqrt(raw * (1 - raw) / len(audited))


@pytest.mark.slow
def test_auditors_err_and_tier_2_errs_less(full):
    share = {}
    for tier in (1, 2):
        audited = full.audited(tier)
        mistaken = audited["audit_label"] != audited["true_label"]
        share[tier] = rate(mistaken, audited["inclusion_probability"])[0]
        missed = audited["wrong"] & (audited["audit_label"] == audited["label"])
        assert (tier == 2) or missed.any()
    assert 0 < share[2] < share[1] < 0.02


@pytest.mark.slow
def test_errors_have_causes(full):
    rows = full.annotations
    live = rows["agent_id"].map(full["people"].set_index("person_id")["live_on"])
    tenure = (rows["local"] - pd.to_datetime(live)).dt.days / 7
    assert rows[tenure < 4]["wrong"].mean() > 1.3 * rows[tenure > 15]["wrong"].mean()
    hour = rows["local"].dt.hour
    assert rows[hour.isin([2, 3, 4])]["wrong"].mean() > rows[hour.between(7, 12)]["wrong"].mean()
    shared = rows[rows["market"].isin(["MY", "SG"])].groupby("site")["wrong"].mean()
    assert shared["MNL"] > 1.15 * shared["KUL"]
    confused = rows[rows["wrong"] & (rows["true_label"] == "scam")]["label"].value_counts(normalize=True)
    assert confused.index[0] == "spam"


def test_the_model_is_calibrated_and_informative(small):
    rows = small["items"].merge(small.annotations.drop_duplicates("item_id")[["item_id", "label", "true_label"]], on="item_id")
    violating = rows["true_label"].map(small["labels"].set_index("label")["violating"])
    bins = pd.cut(rows["model_score"], [-0.01, 0.05, 0.2, 0.4, 0.6, 1.0])
    by_bin = pd.DataFrame({"score": rows["model_score"], "truth": violating.astype(float)}).groupby(bins, observed=True)
    error = np.sqrt(by_bin["truth"].var() / by_bin.size()).clip(lower=0.001)
    assert ((by_bin["score"].mean() - by_bin["truth"].mean()).abs() < 4 * error).all()
    ranks = rows["model_score"].rank()
    positive = violating.sum()
    area = (ranks[violating].sum() - positive * (positive + 1) / 2) / positive / (len(rows) - positive)
    assert 0.98 < area < 0.998
    exact, human = (rows[name] == rows["true_label"] for name in ("model_label", "label"))
    assert abs(exact.mean() - human.mean()) < 0.02  # the model is as often right as one agent


def test_every_market_has_an_incident_and_several_are_in_the_last_week(small):
    planted = small.incidents.values()
    assert {one["market"] for one in planted} == set(PARAMETERS["markets"])
    assert sum("2026-W46" in one["weeks"] for one in planted) >= 5
    assert all(one["annotations_concerned"] > 0 for one in planted)


def confused(rows: pd.DataFrame, label: str, into: str) -> float:
    own = rows[rows["true_label"] == label]
    return (own["label"] == into).mean()


@pytest.mark.parametrize(
    ("code", "label", "into", "share"),
    [
        ("MY-COUNTERFEIT", "counterfeit", "spam", 0.90),
        ("MX-SOP-ADULT", "suggestive", "no_violation", 0.36),
        ("MX-SOP-ADULT", "no_violation", "suggestive", 0.36),
        ("GB-SOP-SAFETY", "hate_speech", "violence", 0.60),
    ],
)
@pytest.mark.slow
def test_planted_confusions_are_in_the_truth_and_in_the_audits(full, code, label, into, share):
    within, outside = full.of(code), full.of(code, before=True)
    own = (within["true_label"] == label).sum()
    assert abs(confused(within, label, into) - share) < 0.03 + 4 * np.sqrt(share * (1 - share) / own)
    assert confused(outside, label, into) < 0.08
    audited = full.audited()[["annotation_id", "audit_label", "inclusion_probability"]]
    seen = [rows.merge(audited, on="annotation_id") for rows in (within, outside)]
    (now, now_error), (usual, usual_error) = (
        rate(rows["audit_label"] != rows["label"], rows["inclusion_probability"]) for rows in seen
    )
    assert now - usual > 3 * np.hypot(now_error, usual_error)
    errors = seen[0][seen[0]["audit_label"] != seen[0]["label"]]
    pairs = errors.groupby(["audit_label", "label"]).size()
    assert set(pairs.idxmax()) == {label, into}


@pytest.mark.slow
def test_the_other_incidents_are_in_the_data(full):
    hours = full["queue_hours"]
    hours = hours.assign(week=iso_week(hours["hour"]))
    for code in ("SG-COMMENTS-BACKLOG", "MY-ADS-SLA"):
        planted = full.incidents[code]
        own = hours[(hours["market"] == planted["market"]) & (hours["queue"] == planted["segment"]["queue"])]
        within = own["week"].isin(planted["weeks"])
        attained = own.groupby(within)[["completed_within_sla", "completed"]].sum()
        attained = attained["completed_within_sla"] / attained["completed"]
        assert attained[False] > 0.95
        assert attained[True] < 0.4
        assert own[within]["backlog"].mean() > 3 * own[~within]["backlog"].mean()

    slow, usual = (full.of("GB-SLOW-TOOL", before=before)["handle_seconds"].mean() for before in (False, True))
    assert 1.6 < slow / usual < 1.8

    appeals = full["appeals"].query("target == 'annotation' and outcome in ['upheld', 'overturned']")
    lost = appeals.set_index("target_id")["outcome"].eq("overturned")
    for before, bounds in [(False, (0.45, 0.75)), (True, (0.08, 0.25))]:
        ids = full.of("TW-OVERTURNS", before=before)["annotation_id"]
        assert bounds[0] < lost.reindex(ids).dropna().mean() < bounds[1]


@pytest.mark.slow
def test_a_mix_shift_makes_nobody_worse(full):
    taiwan = full.annotations[full.annotations["market"] == "TW"]
    last = taiwan["week"] == "2026-W46"
    share = taiwan["queue"].eq("video_reported").groupby(last).mean()
    assert share[True] > 2 * share[False]
    by_queue = taiwan.pivot_table(index="queue", columns=last, values="wrong", aggfunc=["mean", "sem"])
    mix = taiwan.groupby(last)["queue"].value_counts(normalize=True).unstack(level=0)
    assert ((mix[True] - mix[False]) * by_queue["mean"][False]).sum() > 0.004
    change = by_queue["mean"][True] - by_queue["mean"][False]
    assert (change.abs() < 3.5 * np.hypot(by_queue["sem"][True], by_queue["sem"][False])).all()


@pytest.mark.slow
def test_lenient_qas_pass_errors_that_tier_2_finds(full):
    both = full["audits"].merge(full.annotations, on="annotation_id", suffixes=("_audit", ""))
    both = both[both["sampling_reason"] == "random"]
    first, second = (both[both["tier"] == tier].set_index("annotation_id") for tier in (1, 2))
    spain = first[first["market"] == "ES"]
    lenient = spain["week"].isin(full.incidents["ES-LENIENT-QA"]["weeks"])
    noticed = (spain["audit_label"] != spain["label"])[spain["wrong"]].groupby(lenient).mean()
    assert noticed[True] < 0.3
    assert noticed[False] > 0.8
    again = spain.join(second["audit_label"].rename("second"), how="inner")
    missed = (again["audit_label"] == again["label"]) & (again["second"] != again["label"])
    missed = missed.groupby(lenient.reindex(again.index)).mean()
    assert missed[True] > 4 * missed[False]


@pytest.mark.slow
def test_scale_one_is_what_the_issue_asks_for(full):
    assert abs(len(full.annotations) - 1_000_000) < 20_000
    people = full["people"].groupby("role").size()
    assert abs(people["agent"] - 400) < 12
    assert abs(people["qa"] - 40) < 4
    assert people["auditor"] == 6
    assert full.annotations["agent_id"].nunique() == people["agent"]
    accuracy = 1 - full.annotations.groupby("market")["wrong"].mean()
    assert accuracy.between(0.945, 0.975).all()
    quizzes = full["quiz_answers"].query("attempt == 1")
    by_question = quizzes.groupby(["quiz_id", "question_id"])["points"].mean()
    assert by_question.min() < 0.65 < 0.9 < by_question.max()
