"""Sliders over a sampling plan: margin, confidence, hours and queues; size, cost and curve at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from labelqa_lib import display, figures
from labelqa_lib.errors import LabelqaError
from labelqa_lib.findings.sampling import plan_sentence
from labelqa_lib.sampling import Plan
from labelqa_lib.sampling.planning import plan_from
from labelqa_lib.sampling.precision import goals
from labelqa_lib.sampling.strata import of_queues
from labelqa_lib.stats.sizing import size_for_margin
from labelqa_lib.translation import N_, say

STILL = N_("In JupyterLab, sliders below this figure move margin, confidence, hours and queues.")

_POINTS = 12
"""Of the curve, from half the margin to twice."""


def plan_desk(plan: Plan) -> None:
    """What would other goals take? The plan as it stands, with sliders where the notebook runs.

    Parameters
    ----------
    plan : Plan
        With the params' values, shown first.
    """
    show(plan)
    if not plan.goals:
        return
    import ipywidgets as widgets
    from IPython.display import display as put

    queues = sorted(plan.past.strata["queue"].unique())
    rules, goal = plan.rules, plan.goals[0]
    look = {"layout": widgets.Layout(width="30em"), "style": {"description_width": "9em"}}
    slider = partial(widgets.FloatSlider, continuous_update=False, **look)
    controls = {
        "margin": slider(goal.margin, min=0.005, max=0.1, step=0.001, readout_format=".1%", description="margin ±"),
        "confidence": slider(
            rules.confidence, min=0.8, max=0.99, step=0.01, readout_format=".0%", description="confidence"
        ),
        "hours": slider(rules.hours, min=1, max=4 * rules.hours, step=1, description="QA hours"),
        "queues": widgets.SelectMultiple(options=queues, value=queues, rows=min(len(queues), 12),
                                        description="queues", **look),
    }
    out = widgets.Output()

    def moved(_change) -> None:
        with out:
            out.clear_output(wait=True)
            show_other(plan, **{name: control.value for name, control in controls.items()})

    for control in controls.values():
        control.observe(moved, names="value")
    desk = widgets.VBox([*controls.values(), out])._repr_mimebundle_()
    # JupyterLab shows the sliders, a report the sentence
    still = say(STILL)
    put({**desk, "text/html": f'<p class="lq-quiet">{still}</p>', "text/plain": still}, raw=True)


def show_other(plan: Plan, margin: float, confidence: float, hours: float, queues: Sequence[str]) -> None:
    """The plan that other values give; what they cannot give is said in a sentence."""
    try:
        show(other_plan(plan, margin, confidence, hours, queues))
    except LabelqaError as error:
        display.sentence(" ".join(error.problems))


def other_plan(plan: Plan, margin: float, confidence: float, hours: float, queues: Sequence[str]) -> Plan:
    """The plan with another margin of its first goal, confidence, hours and queues."""
    first = plan.goals[0].metric
    rules = replace(plan.rules, margins={**plan.rules.margins, first: margin}, confidence=confidence, hours=hours)
    past = of_queues(plan.past, queues or plan.past.strata["queue"].unique())
    return plan_from(past, plan.joiners, rules, goals(past, rules))


def show(plan: Plan) -> None:
    """Size and cost in a sentence, and the curve of sizes."""
    display.sentence(plan_sentence(plan))
    if plan.goals:
        frame = curve(plan)
        at = frame["margin"].sub(plan.goals[0].margin).abs().idxmin()
        display.figure(
            figures.sampling.sizes(frame, margin=frame["margin"][at], audits=frame["audits"][at],
                                   title=say("Audits by margin of {goal}, this goal alone", goal=plan.goals[0].title.lower())),
            id="audits-by-margin",
        )  # fmt: skip


def curve(plan: Plan) -> pd.DataFrame:
    """``margin, audits`` of the first goal alone, from half its margin to twice, at the plan's design effect."""
    goal, effect = plan.goals[0], float(plan.promises["design_effect"].iloc[0])
    margins = goal.margin * np.geomspace(0.5, 2, 2 * _POINTS + 1)
    margins = margins[margins < 0.5]
    sizes = [size_for_margin(goal.rate, one, plan.rules.confidence, design_effect=effect).n for one in margins]
    return pd.DataFrame({"margin": margins, "audits": sizes})
