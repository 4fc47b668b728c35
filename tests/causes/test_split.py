"""Mix and rate of a change: Berkeley's admissions from rows, and a week in which only the work changed."""

import pandas as pd
import pytest

from labelqa_lib import causes
from labelqa_lib.errors import UsageError

# UC Berkeley 1973 by department (R datasets::UCBAdmissions): men as the baseline, women after; reference 6.3
MEN, MEN_IN = (825, 560, 325, 417, 191, 373), (512, 353, 120, 138, 53, 22)
WOMEN, WOMEN_IN = (108, 25, 593, 375, 393, 341), (89, 17, 202, 131, 94, 24)


def counts(applied, admitted):
    return pd.DataFrame({"department": list("ABCDEF"), "admitted": admitted, "applied": applied})


def test_berkeley():
    got = causes.split_change(
        counts(MEN, MEN_IN), counts(WOMEN, WOMEN_IN), ["department"], outcome="admitted", trials="applied"
    ).set_index("value")
    assert got.loc["all", "rate"] == pytest.approx(0.036028, abs=5e-7)
    assert got.loc["all", "mix"] == pytest.approx(-0.177674, abs=5e-7)
    assert got.loc["A", "rate"] == pytest.approx(0.03718, abs=5e-6)
    assert got.loc["B", "mix"] == pytest.approx(-0.05461, abs=5e-6)
    assert got.loc["all", "now"] - got.loc["all", "before"] == pytest.approx(-0.141645, abs=5e-7)
    assert got.index[-1] == "all"


def test_a_new_mix_is_mix_alone():
    def rows(easy, hard):
        return pd.DataFrame(
            {
                "queue": ["easy"] * easy + ["hard"] * hard,
                "is_error": [1, *[0] * 9] * (easy // 10) + [1, 0] * (hard // 2),
            }
        )

    got = causes.split_change(rows(800, 200), rows(200, 800), ["queue"]).set_index("value")
    assert got.loc["all", "rate"] == pytest.approx(0)
    assert got.loc["all", "mix"] == pytest.approx(0.24)
    assert got.loc["all", "mix_low"] > 0.15


def test_empty_and_missing():
    table = counts(MEN, MEN_IN)
    assert causes.split_change(table.head(0), table, ["department"], "admitted", trials="applied").empty
    with pytest.raises(UsageError, match="no column 'site'"):
        causes.split_change(table, table, ["site"], "admitted", trials="applied")


@pytest.mark.parametrize("confidence", [0, 1, 95, float("nan")])
def test_a_confidence_that_is_no_share_is_said_in_a_sentence(confidence):
    rows = pd.DataFrame({"site": ["KUL", "MNL"], "is_error": [0, 1]})
    with pytest.raises(UsageError, match="confidence is .* between 0 and 1"):
        causes.split_change(rows, rows, ["site"], confidence=confidence)
