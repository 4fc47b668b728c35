"""How much to audit, what, and did it work: tables and a market's rules in, plans and audit lists out.

`rules` are what a market asks for, `strata` what its past tells, `precision` how wide the report's intervals will be
and `expected` how wide on average. `starting` says what a plan starts from, `planning` finds it by `searching`, `frontier`
what precision costs, `drawing` the list to audit (from `frames`), `loop` whether the last plan kept its promise, `replay`
whether plans do, `cheaper` what the model saves, `across` how markets share hours, `lots` which sites' weeks are accepted,
`tables` what a reader compares.

The sizes of `stats.sizing` are offered here too, because a notebook asks for them in this room.
"""

from labelqa_lib.sampling.across import Shared, by_market, dearest, goals_of, plans, share, shared_facts
from labelqa_lib.sampling.cheaper import assisted
from labelqa_lib.sampling.drawing import Draw, draw
from labelqa_lib.sampling.frontier import frontier, savings, today
from labelqa_lib.sampling.loop import earlier_plan, kept, uncovered
from labelqa_lib.sampling.lots import curves, lots, next_lots, sequential
from labelqa_lib.sampling.planning import Plan, plan
from labelqa_lib.sampling.replay import replay
from labelqa_lib.sampling.rules import PLANNED, Rules
from labelqa_lib.sampling.starting import Outlook, outlook
from labelqa_lib.sampling.tables import TITLES, UNITS, by_place, dropped, facts, points, promises
from labelqa_lib.stats.allocation_goals import meet_goals as allocate
from labelqa_lib.stats.sizing import (
    size_for_agreement,
    size_for_demonstration,
    size_for_difference,
    size_for_margin,
    size_for_rare,
    size_for_reaudits,
    size_for_target,
)

__all__ = [
    "PLANNED",
    "TITLES",
    "UNITS",
    "Draw",
    "Outlook",
    "Plan",
    "Rules",
    "Shared",
    "allocate",
    "assisted",
    "by_market",
    "by_place",
    "curves",
    "dearest",
    "draw",
    "dropped",
    "earlier_plan",
    "facts",
    "frontier",
    "goals_of",
    "kept",
    "lots",
    "next_lots",
    "outlook",
    "plan",
    "plans",
    "points",
    "promises",
    "replay",
    "savings",
    "sequential",
    "share",
    "shared_facts",
    "size_for_agreement",
    "size_for_demonstration",
    "size_for_difference",
    "size_for_margin",
    "size_for_rare",
    "size_for_reaudits",
    "size_for_target",
    "today",
    "uncovered",
]
