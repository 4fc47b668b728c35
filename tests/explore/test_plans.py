"""The sliders' values: another plan, another curve, and a sentence where there is none."""

from __future__ import annotations

import pytest

from labelqa_lib.explore import plans
from labelqa_lib.sampling import Rules
from tests.sampling.worlds import planned

RULES = Rules(margins={"accuracy": 0.03}, hours=20)


@pytest.mark.slow
def test_other_values_give_another_plan(capsys):
    plan = planned(RULES)
    wider = plans.other_plan(plan, 0.05, 0.95, 20, [])
    assert wider.audits < plan.audits
    surer = plans.other_plan(plan, 0.03, 0.99, 20, [])
    assert surer.audits > plan.audits
    one = plans.other_plan(plan, 0.03, 0.95, 20, ["q"])
    assert set(one.past.strata["queue"]) == {"q"}
    kept = plan.past.strata[plan.past.strata["queue"] == "q"]
    assert one.past.strata["population"].sum() == pytest.approx(kept["population"].sum())
    assert len(one.past.audits) == kept["audited"].sum()
    plans.show_other(plan, 0.03, 0.95, 0.001, [])
    assert "buy not one audit" in capsys.readouterr().out


@pytest.mark.slow
def test_the_curve_falls():
    curve = plans.curve(planned(RULES))
    assert curve["audits"].is_monotonic_decreasing
