"""Every plan of the standard's tables, published look-ups and found plans, brute force for the smallest, refusals."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest
from scipy import stats

import labelqa_lib as lq
from labelqa_lib.errors import UsageError
from labelqa_lib.stats.acceptance import Plan, Stage, find_plan, plan, plan_by_letter, quality_at, zero_plan
from labelqa_lib.stats.acceptance.tables import AQLS, INSPECTIONS, KINDS, LETTERS, LEVELS

PLANS = Path(__file__).resolve().parents[3] / "shared" / "reference" / "mil_std_105e_plans.csv"

# Slips of the transcription, which breaks there the diagonal that every other cell keeps: Re2 = Ac2 for letters L to P
# at AQL 100, and letter F with its own sample size instead of E's, to which the single plan's arrow leads.
SLIPS = {("Double", "normal", letter, "100") for letter in "LMNP"}
SLIPS |= {("Multiple", "normal", "F", aql) for aql in ("100", "150")}


@pytest.fixture(scope="module")
def transcribed():
    if not PLANS.is_file():
        pytest.skip("the transcribed standard is not beside this workspace (../shared/reference)")
    cells = defaultdict(list)
    with PLANS.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            cell = cells[row["type"], row["insp"], row["letter"], row["aql"]]
            if row["n"] != "NA":
                accept = int(row["ac"])
                cell.append(Stage(int(row["n"]), None if accept < 0 else accept, int(row["re"])))
    return cells


@pytest.mark.parametrize("inspection", INSPECTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_transcribed_plan(transcribed, kind, inspection):
    cells = {key: stages for key, stages in transcribed.items() if key[:2] == (kind.capitalize(), inspection)}
    assert len(cells) == 416
    compared = 0
    for key, stages in cells.items():
        found = plan_by_letter(key[2], float(key[3]), inspection, kind)
        if key in SLIPS:
            assert found.stages != tuple(stages), f"{key} is no slip any more"
        elif stages:
            compared += 1
            assert (found.stages, found.kind) == (tuple(stages), kind), key
        # where the standard has no such plan, it refers to a simpler kind; letter A's arrows of AQL 10 and 15 go on
        elif (kind, inspection, key[2], key[3]) not in {("double", "normal", "A", aql) for aql in ("10", "15")}:
            assert found.kind != kind, key
    assert compared == {"single": 416, "double": {"normal": 265, "tightened": 272, "reduced": 221}[inspection],
                        "multiple": {"normal": 219, "tightened": 224, "reduced": 154}[inspection]}[kind]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "stages"),
    [
        (dict(lot_size=5000, aql=1.5), ((200, 7, 8),)),
        (dict(lot_size=5000, aql=1.5, inspection="tightened"), ((200, 5, 6),)),
        (dict(lot_size=5000, aql=1.5, kind="double"), ((125, 3, 7), (125, 8, 9))),
        (dict(lot_size=1000, aql=1.0), ((80, 2, 3),)),
        (dict(lot_size=50, aql=0.65), ((20, 0, 1),)),
        (dict(lot_size=8, aql=10), ((5, 1, 2),)),
        (dict(lot_size=800, aql=0.65, inspection="reduced"), ((32, 0, 2),)),
        (dict(lot_size=600_000, aql=0.025, level="III", inspection="tightened"), ((3150, 1, 2),)),
        (
            dict(lot_size=5000, aql=1.5, kind="multiple"),
            ((50, 0, 4), (50, 1, 6), (50, 3, 8), (50, 5, 10), (50, 7, 11), (50, 10, 12), (50, 13, 14)),
        ),
    ],
)
def test_look_ups_as_published(asked, stages):
    found = lq.acceptance.plan(**asked)
    assert found.stages == tuple(Stage(*stage) for stage in stages)
    assert (found.n, found.accept, found.reject) == (sum(s[0] for s in stages), *stages[-1][1:])


def test_letters_follow_the_lot_and_the_level():
    """Table I, some of each column; the row that an arrow leads to is kept apart."""
    letters = {"II": "ABCDEFGHJKLMNPQ", "S-1": "AAAABBBBCCCCDDD", "I": "AABCCDEFGHJKLMN", "III": "BCDEFGHJKLMNPQR"}
    lots = (2, 9, 16, 26, 51, 91, 151, 281, 501, 1201, 3201, 10_001, 35_001, 150_001, 500_001)
    for level, expected in letters.items():
        assert "".join(plan(lot, 6.5, level).code_letter for lot in lots) == expected
    pointed = plan(50, 0.65)
    assert (pointed.code_letter, pointed.table_letter) == ("D", "F")


def test_a_sample_as_large_as_the_lot_is_the_lot():
    assert plan(3, 1.0).stages == (Stage(3, 0, 1),)
    assert plan(20, 1.0, "III", kind="double").stages == (Stage(13, 0, 1),)
    # the second sample of 50 + 50 cannot be drawn from 60 rows
    assert plan(60, 4.0, "III", kind="double").stages == (Stage(13, 0, 3), Stage(13, 3, 4))
    for lot in (2, 7, 30, 99):
        for aql in AQLS:
            for kind in KINDS:
                for level in LEVELS:
                    assert plan(lot, aql, level, kind=kind).n <= lot


def test_tightened_inspection_protects_more_and_reduced_costs_less():
    for lot in (300, 5000, 100_000):
        for aql in AQLS[8:16]:
            assert quality_at(plan(lot, aql, inspection="tightened"), 0.10) <= quality_at(plan(lot, aql), 0.10)
            assert plan(lot, aql, inspection="reduced").n < plan(lot, aql).n


# -- plans from two risks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "n", "accept"),
    [
        ((0.05, 0.05, 0.15, 0.075), 80, 7), ((0.01, 0.05, 0.06, 0.10), 110, 3), ((0.02, 0.05, 0.08, 0.10), 98, 4),
        ((0.01, 0.05, 0.05, 0.10), 132, 3), ((0.005, 0.05, 0.02, 0.10), 462, 5),
        ((0.05, 0.05, 0.15, 0.075, 200), 59, 5), ((0.05, 0.05, 0.15, 0.075, 100), 47, 4),
    ],
)  # fmt: skip
def test_found_plans_as_in_r_s_acceptance_sampling(asked, n, accept):
    found = find_plan(*asked)
    assert (found.n, found.accept, found.reject) == (n, accept, accept + 1)


@pytest.mark.slow
@pytest.mark.parametrize("lot_size", [None, 120])
@pytest.mark.parametrize("asked", [(0.02, 0.1, 0.1, 0.1), (0.1, 0.05, 0.25, 0.1), (0.01, 0.2, 0.3, 0.05)])
def test_no_smaller_plan_keeps_both_risks(asked, lot_size):
    p1, alpha, p2, beta = asked

    def passes(n, accept, p):
        if lot_size:
            return stats.hypergeom.cdf(accept, lot_size, round(p * lot_size), n)
        return stats.binom.cdf(accept, n, p)

    found = find_plan(*asked, lot_size)
    assert passes(found.n, found.accept, p1) >= 1 - alpha and passes(found.n, found.accept, p2) <= beta
    assert not [
        (n, accept)
        for n in range(1, found.n)
        for accept in range(n)
        if passes(n, accept, p1) >= 1 - alpha and passes(n, accept, p2) <= beta
    ]


# Squeglia's printed table at the lots and limits whose entries are the formula's, not smoothed
ZERO = {
    (1200, 0.65): 47, (1200, 1.0): 34, (1200, 1.5): 27, (1200, 2.5): 19, (1200, 4.0): 15, (1200, 6.5): 11,
    (1200, 10): 8, (10_000, 0.4): 86, (10_000, 1.0): 50, (10_000, 1.5): 38, (150_000, 2.5): 40, (500_000, 0.4): 156,
    (90, 0.15): 80, (50, 1.5): 8, (600_000, 1.0): 102,
}  # fmt: skip


@pytest.mark.parametrize(("asked", "n"), ZERO.items())
def test_zero_plans_as_squeglia(asked, n):
    """The book rounds to the nearest row, this one up."""
    found = zero_plan(*asked)
    assert (found.accept, found.reject) == (0, 1)
    assert found.n - n in (0, 1)


def test_zero_plans_protect_as_the_standard_s():
    for lot in (500, 4000, 60_000):
        for aql in (0.4, 1.0, 4.0):
            assert quality_at(zero_plan(lot, aql), 0.10) <= quality_at(plan(lot, aql), 0.10) + 1e-9
            assert zero_plan(lot, aql).n <= plan(lot, aql).n


# -- what cannot be ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda: plan(1, 1.0), "a lot of 1 cannot be sampled; check it as it is, or join lots to 2 rows or more"),
        (lambda: plan(500, 1.2), "an AQL of 1.2 percent is not in the standard; the nearest are 1 and 1.5"),
        (lambda: plan(500, 0.001), "an AQL of 0.001 percent is not in the standard; the nearest are 0.01"),
        (lambda: plan(500, 5000), "the nearest are 1000"),
        (lambda: plan(500, 1.0, "IV"), "level is 'IV'; the standard has S-1, S-2, S-3, S-4, I, II, III"),
        (lambda: plan(500, 1.0, inspection="strict"), "inspection is 'strict'; the standard has normal, tightened"),
        (lambda: plan(500, 1.0, kind="triple"), "kind is 'triple'; the standard has single, double, multiple"),
        (lambda: plan_by_letter("I", 1.0), "code letter 'I' is not in the standard"),
        (lambda: zero_plan(500, 15), "accepting none goes with 10 or less"),
        (lambda: find_plan(0.05, 0.05, 0.05, 0.1), "the good quality p1 must have fewer bad rows"),
        (lambda: find_plan(0.01, 0.05, 0.0101, 0.1), "told apart with risks of 0.05 and 0.1 by 1,000,000 rows"),
        (lambda: find_plan(0.01, 0.05, 0.015, 0.1, 30), "are both 0 rows; judge lots of 200 rows or more"),
        (lambda: find_plan(0.01, 0.6, 0.02, 0.5), "tossing a coin does as well"),
        (lambda: find_plan(0, 0.05, 0.02, 0.1), "p1 is 0; it is a share and lies between 0 and 1"),
    ],
)
def test_what_the_standard_has_not_is_said_with_what_is_nearest(ask, sentence):
    with pytest.raises(UsageError, match=sentence):
        ask()


def test_a_plan_without_a_table_has_no_letter():
    assert find_plan(0.01, 0.05, 0.06, 0.1) == Plan((Stage(110, 3, 4),))
    assert set(LETTERS) & {"I", "O"} == set()


@pytest.mark.parametrize("size", [float("nan"), float("inf")])
def test_a_lot_without_a_size_is_said_in_a_sentence(size):
    with pytest.raises(UsageError, match="cannot be sampled"):
        plan(size, 1.0)
