"""One week's accuracy by every method, and critical errors now against before: counts by hand, bounds as published."""

from __future__ import annotations

import numpy as np
import pytest

from labelqa_lib.metrics import measure
from labelqa_lib.metrics.interval_methods import PLAIN, interval_methods, rare_changes
from labelqa_lib.stats import intervals

from .snapshots import WEEKS, joined, labelled, make


def market(words: str, **more):
    return make(**labelled(words, week=WEEKS[1], **more))


def test_every_method_bounds_the_same_counts():
    frame = interval_methods(market(" ".join(["ok>ok"] * 95 + ["ok>spam"] * 5), agent_id=None), 0.9).set_index("interval")
    report = measure(market(" ".join(["ok>ok"] * 95 + ["ok>spam"] * 5), agent_id=None), "accuracy", confidence=0.9)
    assert (frame.iloc[0][["estimate", "ci_low", "ci_high"]] == report.iloc[0][["estimate", "ci_low", "ci_high"]]).all()
    size = report["n_effective"].iloc[0]
    for name, bounds in (("Wilson", intervals.wilson), ("Jeffreys, as a probability of rates", intervals.jeffreys)):
        np.testing.assert_allclose(frame.loc[name, ["ci_low", "ci_high"]].tolist(), bounds(0.95 * size, size, 0.9))
    np.testing.assert_allclose(
        frame.loc["Wilson of counts", ["ci_low", "ci_high"]].tolist(), intervals.wilson(95, 100, 0.9)
    )
    # every annotation was audited: the lot is known, whatever the next one brings
    whole = frame.loc["Hypergeometric, this week's lot alone"]
    assert whole["estimate"] == whole["ci_low"] == whole["ci_high"] == pytest.approx(0.95)
    assert whole["takes_for_granted"] == f"{PLAIN}, of 100 annotations"
    assert (frame["n"] == 100).all() and (frame["reason"] == "").all() and len(frame) == 7


def test_a_week_without_audits_has_no_interval_by_any_method():
    frame = interval_methods(make(**labelled("ok>ok ok>spam", week=WEEKS[0])))
    assert frame[["estimate", "ci_low", "ci_high"]].isna().all(axis=None) and (frame["reason"] != "").all()


def test_critical_errors_of_a_site_are_compared_with_its_own_weeks_before():
    """2 of 10 now, 0 of 20 before at KUL: Miettinen–Nurminen as statistics has it; MNL had no audits before."""
    now = joined(labelled(" ".join(["ok>hate"] * 2 + ["ok>spam"] + ["ok>ok"] * 7), week=WEEKS[1], site="KUL"),
                 labelled("ok>ok ok>hate", week=WEEKS[1], site="MNL", agent_id="b"))  # fmt: skip
    frame = rare_changes(make(**joined(labelled(" ".join(["ok>ok"] * 20), week=WEEKS[0], site="KUL"), now)))
    kul, mnl = frame.set_index("site").loc["KUL"], frame.set_index("site").loc["MNL"]
    assert kul[["errors", "n", "errors_before", "n_before"]].tolist() == [2, 10, 0, 20]
    expected = np.ravel(intervals.miettinen_nurminen(2, 10, 0, 20))
    np.testing.assert_allclose(kul[["change", "change_low", "change_high"]].tolist(), expected)
    assert kul["estimate"] == kul["change"] == pytest.approx(0.2)
    np.testing.assert_allclose(kul[["ci_low", "ci_high"]].tolist(), np.ravel(intervals.mid_p(2, 10)))
    assert mnl["estimate"] == 0.5 and np.isnan(mnl["change"]) and mnl["reason"] == "no audits in this week, or none before it"
