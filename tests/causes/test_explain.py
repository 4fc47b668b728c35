"""The front door of the search: what it answers, that names and order do not matter, and what it says of bad input."""

import ibis
import numpy as np
import pandas as pd
import pytest

from labelqa_lib import causes
from labelqa_lib.errors import UsageError

DIMENSIONS = ["site", "queue", "language"]


def week(seed, n, bad=None, rise=0.0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({name: rng.choice(list("ABCDE"), n) for name in DIMENSIONS})
    frame["agent_id"] = frame["site"] + rng.integers(0, 8, n).astype(str)
    inside = np.zeros(n, bool) if bad is None else bad(frame).to_numpy()
    return frame.assign(is_error=(rng.random(n) < 0.08 + rise * inside).astype(int))


@pytest.fixture(scope="module")
def baseline():
    return week(1, 4_000)


@pytest.fixture(scope="module")
def current():
    return week(2, 1_500, lambda frame: (frame["site"] == "B") & (frame["queue"] == "C"), 0.4)


@pytest.fixture(scope="module")
def found(baseline, current):
    return causes.explain_change(baseline, current, DIMENSIONS)


def same(one, other):
    assert [(cause.segment, cause.p_value) for cause in one] == [(cause.segment, cause.p_value) for cause in other]
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose([a.excess_errors, a.ci_low, a.ci_high], [b.excess_errors, b.ci_low, b.ci_high])


def test_the_segment_is_named_with_its_excess(found, baseline, current):
    assert [cause.segment for cause in found] == [{"site": ["B"], "queue": ["C"]}]
    cause = found[0]
    inside = (current["site"] == "B") & (current["queue"] == "C")
    before = (baseline["site"] == "B") & (baseline["queue"] == "C")
    assert (cause.n_current, cause.n_baseline) == (inside.sum(), before.sum())
    assert cause.rate_current == pytest.approx(current.loc[inside, "is_error"].mean())
    assert cause.rate_baseline == pytest.approx(baseline.loc[before, "is_error"].mean())
    assert cause.p_value < 0.001
    assert cause.ci_low < 0.4 * inside.sum() < cause.ci_high
    assert cause.level == "segment"
    assert cause.excess_errors == pytest.approx((cause.rate_current - cause.rate_expected) * cause.n_current)


def test_a_week_like_the_weeks_before_has_no_cause(baseline):
    assert causes.explain_change(baseline, week(3, 1_500), DIMENSIONS) == []


def test_the_order_of_rows_does_not_matter(found, baseline, current):
    same(found, causes.explain_change(baseline[::-1], current.sample(frac=1, random_state=1), DIMENSIONS))


def test_renaming_values_renames_the_answer(found, baseline, current):
    def renamed(frame):
        return frame.assign(**{name: "z" + frame[name].str.lower() for name in DIMENSIONS})

    got = causes.explain_change(renamed(baseline), renamed(current), DIMENSIONS)
    assert [cause.segment for cause in got] == [{"site": ["zb"], "queue": ["zc"]}]
    assert got[0].excess_errors == pytest.approx(found[0].excess_errors)
    assert got[0].p_value == pytest.approx(found[0].p_value)


def test_scaled_weights_scale_the_excess_and_nothing_else(found, baseline, current):
    got = causes.explain_change(baseline.assign(w=7.0), current.assign(w=7.0), DIMENSIONS, weight="w")
    assert [cause.segment for cause in got] == [cause.segment for cause in found]
    assert got[0].p_value == pytest.approx(found[0].p_value)
    assert got[0].excess_errors == pytest.approx(7 * found[0].excess_errors)
    assert got[0].share_of_change == pytest.approx(found[0].share_of_change)
    assert got[0].n_current == found[0].n_current


def test_rows_of_weight_0_say_nothing(found, baseline, current):
    noise = current.assign(is_error=1, w=0.0)
    got = causes.explain_change(
        baseline.assign(w=1.0), pd.concat([current.assign(w=1.0), noise]), DIMENSIONS, weight="w"
    )
    same(found, got)


def test_ibis_tables_and_counts_say_the_same_as_rows(found, baseline, current):
    same(found, causes.explain_change(ibis.memtable(baseline), ibis.memtable(current), DIMENSIONS))

    def counted(frame):
        sums = frame.assign(rows=1).groupby([*DIMENSIONS, "agent_id"], as_index=False)[["is_error", "rows"]].sum()
        return sums.rename(columns={"is_error": "wrong"})

    same(
        found,
        causes.explain_change(counted(baseline), counted(current), DIMENSIONS, outcome="wrong", trials="rows"),
    )


def test_inputs_are_not_modified(baseline, current):
    before, after = baseline.copy(), current.copy()
    causes.explain_change(baseline, current, ["site"])
    pd.testing.assert_frame_equal(baseline, before)
    pd.testing.assert_frame_equal(current, after)


def test_two_sites_in_one_queue_are_one_cause(baseline):
    current = week(4, 2_500, lambda frame: frame["site"].isin(["A", "D"]) & (frame["queue"] == "E"), 0.45)
    got = causes.explain_change(baseline, current, DIMENSIONS)
    assert [{name: sorted(values) for name, values in cause.segment.items()} for cause in got] == [
        {"site": ["A", "D"], "queue": ["E"]}
    ]


def test_agents_are_told_from_their_site(baseline):
    current = week(5, 2_500, lambda frame: frame["agent_id"].isin(["B1", "B4"]), 0.5)
    got = causes.explain_change(baseline, current, [*DIMENSIONS, "agent_id"])
    assert [cause.level for cause in got] == ["agents"]
    assert sorted(got[0].segment["agent_id"]) == ["B1", "B4"]


def test_agents_who_stand_out_together_only_are_told(baseline):
    """Three agents of three sites: each alone, and any one set of them, pays for more than it shows."""
    found = []
    for seed in range(6):
        rng = np.random.default_rng([8, seed])
        now = week(200 + seed, 2_000)
        chance = np.where(now["agent_id"].isin(["A1", "C3", "E5"]), 0.27, 0.08)
        got = causes.explain_change(baseline, now.assign(is_error=(rng.random(2_000) < chance).astype(int)), DIMENSIONS)
        assert all(cause.level == "agents" for cause in got)
        found += [set(cause.segment["agent_id"]) & {"A1", "C3", "E5"} for cause in got]
    assert len(found) >= 5
    assert np.mean([len(named) for named in found]) >= 2  # each has about 13 errors where 4 are expected


def test_the_same_rows_under_another_name_are_told_once(baseline, current):
    policy = {"A": "x", "B": "x", "C": "y", "D": "z", "E": "z"}
    frames = [frame.assign(policy=frame["queue"].map(policy)) for frame in (baseline, current)]
    got = causes.explain_change(*frames, ["site", "queue", "policy"])
    assert len(got) == 1
    told = [got[0].segment, *got[0].same_as]
    assert {"site": ["B"], "queue": ["C"]} in told
    assert {"site": ["B"], "policy": ["y"]} in told


def test_a_rise_everywhere_names_no_segment(baseline):
    got = causes.explain_change(baseline, week(6, 1_500, lambda frame: frame["site"] > "", 0.08), DIMENSIONS)
    assert (got[0].segment, got[0].level) == ({}, "everywhere")


def test_a_missing_value_is_a_value(baseline):
    def gaps(frame):
        return frame.assign(site=frame["site"].where(frame["site"] != "B"))

    current = week(7, 1_500, lambda frame: frame["site"] == "B", 0.3)
    got = causes.explain_change(gaps(baseline), gaps(current), DIMENSIONS)
    assert got[0].segment == {"site": [None]}


@pytest.mark.parametrize(
    ("change", "size"),
    [
        (lambda frame: frame.assign(site="A"), None),  # a dimension with one value
        (lambda frame: frame.assign(is_error=0), None),
        (lambda frame: frame.assign(is_error=1), None),
        (lambda frame: frame.assign(site=frame["site"] + "?"), None),  # values that the baseline never saw
        (lambda frame: frame.assign(is_error=True), 2),
        (lambda frame: frame, 0),
    ],
)
def test_odd_weeks_have_an_answer(change, size, baseline):
    got = causes.explain_change(baseline, change(week(8, 600).head(600 if size is None else size)), DIMENSIONS)
    assert all(cause.ci_low <= cause.excess_errors <= cause.ci_high for cause in got)


def test_two_rows_and_no_rows_have_no_cause(baseline, current):
    assert causes.explain_change(baseline.head(2), current.head(2), DIMENSIONS) == []
    assert causes.explain_change(baseline.head(0), current, DIMENSIONS) == []


@pytest.mark.slow
def test_sixty_dimensions_have_an_answer():
    rng = np.random.default_rng(9)
    names = [f"d{place}" for place in range(60)]

    def table(n):
        return pd.DataFrame(rng.integers(0, 4, (n, 60)), columns=names).assign(is_error=rng.random(n) < 0.1)

    now = table(1_000)
    now.loc[now["d7"] == 2, "is_error"] |= rng.random(int((now["d7"] == 2).sum())) < 0.4
    assert causes.explain_change(table(2_000), now, names)[0].segment == {"d7": [2]}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"dimensions": ["site", "quue"]}, "no column 'quue'"),
        ({"dimensions": []}, "nothing to search"),
        ({"outcome": "wrong"}, "no column 'wrong'"),
        ({"outcome": "queue"}, "which is no number"),
        ({"outcome": "many"}, "errors must be 0 or 1"),
        ({"outcome": "half"}, "holds 0.5; a row's errors must be 0 or 1"),
        ({"weight": "minus"}, "weights are 0 or more"),
        ({"weight": "endless"}, "holds inf; weights are 0 or more, and finite"),
        ({"dimensions": ["site", "is_error"]}, "is the outcome"),
        ({"dimensions": None}, "the dimensions are None; list the columns to search"),
        ({"dimensions": [["site"]]}, "names no column"),
        ({"dimensions": ["listed"]}, r"holds \[1\]; give one value a row"),
        ({"alpha": 5}, "alpha is 5"),
        ({"alpha": "small"}, "alpha is 'small'"),
    ],
)
def test_what_cannot_be_meant_is_said(arguments, said, baseline, current):
    tables = [frame.assign(many=3, half=0.5, minus=-1.0, endless=np.inf) for frame in (baseline, current)]
    tables = [frame.assign(listed=pd.Series([[1]] * len(frame), frame.index)) for frame in tables]
    with pytest.raises(UsageError, match=said):
        causes.explain_change(*tables, **{"dimensions": DIMENSIONS, **arguments})


def test_a_column_that_is_there_twice_is_said(baseline, current):
    with pytest.raises(UsageError, match="the baseline table has more than one column 'site'"):
        causes.explain_change(pd.concat([baseline, baseline[["site"]]], axis=1), current, DIMENSIONS)


def test_names_from_an_array_are_plain_text(found, baseline, current):
    got = causes.explain_change(baseline, current, np.array(DIMENSIONS))
    assert [type(name) for name in got[0].segment] == [str, str]
    same(found, got)


@pytest.mark.parametrize("named", [True, False])
def test_a_new_site_is_named_by_itself(named, baseline):
    """Neither with a site that is well known nor as a part of itself: what is new is as unknown in every part."""
    moved = ["A0", "A1", "B2", "B3", "C1", "D5"] if named else [f"N{number}" for number in range(6)]
    for seed in range(4):
        rng = np.random.default_rng([9, seed])
        now = week(100 + seed, 2_000)
        now.loc[:299, "site"], now.loc[:299, "agent_id"] = "NEW", rng.choice(moved, 300)
        now.loc[:299, "is_error"] = (rng.random(300) < 0.35).astype(int)
        got = causes.explain_change(baseline, now, DIMENSIONS)
        assert [cause.segment for cause in got] == [{"site": ["NEW"]}]


def test_a_new_site_that_differs_as_sites_do_is_no_cause(baseline):
    now = week(5, 2_000)
    now.loc[:299, "site"] = "NEW"
    assert causes.explain_change(baseline, now, DIMENSIONS) == []


def test_a_column_without_one_agent_is_as_good_as_none(baseline, current):
    without = [frame.drop(columns="agent_id") for frame in (baseline, current)]
    empty = [frame.assign(agent_id=None) for frame in (baseline, current)]
    same(causes.explain_change(*without, DIMENSIONS), causes.explain_change(*empty, DIMENSIONS))


def test_a_value_that_the_second_cause_explains_leaves_the_first(baseline):
    """Site A has more errors only because queue C, of which it has most, got worse."""
    rng = np.random.default_rng(6)
    now = week(7, 4_000)
    now.loc[(now["queue"] == "C") & (rng.random(4_000) < 0.6), "site"] = "A"
    chance = 0.08 + 0.25 * (now["site"] == "B") + 0.2 * (now["queue"] == "C")
    now["agent_id"] = now["site"] + now["agent_id"].str[1:]
    got = causes.explain_change(baseline, now.assign(is_error=(rng.random(4_000) < chance).astype(int)), DIMENSIONS)
    assert sorted(str(cause.segment) for cause in got) == ["{'queue': ['C']}", "{'site': ['B']}"]


@pytest.mark.parametrize("given", [lambda frame: frame, ibis.memtable])
@pytest.mark.parametrize("name", ["n", "errors", "weight", "least", "y", "w", "rows", "of site", "cause"])
def test_a_dimension_may_be_called_anything(name, given, baseline, current):
    frames = [given(frame.drop(columns="agent_id").rename(columns={"site": name})) for frame in (baseline, current)]
    got = causes.explain_change(*frames, [name, "queue"])
    assert [cause.segment for cause in got] == [{name: ["B"], "queue": ["C"]}]


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("now", [0, 1])
def test_all_or_none_wrong(before, now, baseline, current):
    got = causes.explain_change(baseline.assign(is_error=before), current.assign(is_error=now), DIMENSIONS)
    assert [cause.segment for cause in got] == ([{}] if now > before else [])


def test_where_everything_goes_wrong_nobody_is_singled_out(baseline, current):
    assert [one.segment for one in causes.explain_change(baseline, current.assign(is_error=1), DIMENSIONS)] == [{}]
    assert causes.explain_change(baseline, current.assign(is_error=0), DIMENSIONS) == []
    assert causes.explain_change(baseline.assign(is_error=1), current, DIMENSIONS) == []


def test_kinds_of_columns_do_not_matter(found, baseline, current):
    def other(frame):
        frame = frame.assign(site=frame["site"].astype("category"), is_error=frame["is_error"] == 1)
        return frame.assign(language=frame["language"].map({"A": 1, "B": 2, "C": 3, "D": 4, "E": 5}))

    got = causes.explain_change(other(baseline), other(current), DIMENSIONS)
    assert [cause.segment for cause in got] == [cause.segment for cause in found]
    text = [frame.assign(is_error="wrong") for frame in (baseline, current)]
    with pytest.raises(UsageError, match="is string, no number"):
        causes.explain_change(*map(ibis.memtable, text), DIMENSIONS)
    with pytest.raises(UsageError, match="baseline is a list; give a pandas DataFrame"):
        causes.explain_change([], current, DIMENSIONS)


def test_unnamed_agents_and_agents_of_one_period_only(found, baseline, current):
    for frames in (
        (baseline.drop(columns="agent_id"), current),
        (baseline.assign(agent_id=None), current.assign(agent_id=None)),
        (baseline.assign(agent_id=range(len(baseline))), current.assign(agent_id=range(len(current)))),
    ):
        got = causes.explain_change(*frames, DIMENSIONS)
        assert [cause.segment for cause in got] == [cause.segment for cause in found]


def test_level_against_a_target_and_against_the_mix(baseline):
    rows = week(10, 3_000, lambda frame: frame["queue"] == "C", 0.2)
    assert causes.explain_level(rows, DIMENSIONS, target=0.08)[0].segment == {"queue": ["C"]}
    assert causes.explain_level(rows, ["site", "language"], explained_by=["queue"]) == []
    assert causes.explain_level(baseline, DIMENSIONS) == []
    with pytest.raises(UsageError, match="target is 8"):
        causes.explain_level(rows, DIMENSIONS, target=8)
