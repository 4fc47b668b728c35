"""How many rows to check for a goal: a margin, a verdict on a target, a change to be seen, rare events, agreement.

Every size is the smallest that reaches its goal: no smaller one does.
"""

from labelqa_lib.stats.sizing.checking import Reaudits, size_for_agreement, size_for_reaudits
from labelqa_lib.stats.sizing.power import (
    power_against_target,
    power_of_difference,
    size_for_difference,
    size_for_target,
)
from labelqa_lib.stats.sizing.rare import RareSize, size_for_demonstration, size_for_rare
from labelqa_lib.stats.sizing.rate import Size, effective_size, margin_of, rows_worth, size_for_margin

__all__ = [
    "RareSize",
    "Reaudits",
    "Size",
    "effective_size",
    "margin_of",
    "power_against_target",
    "power_of_difference",
    "rows_worth",
    "size_for_agreement",
    "size_for_demonstration",
    "size_for_difference",
    "size_for_margin",
    "size_for_rare",
    "size_for_reaudits",
    "size_for_target",
]
