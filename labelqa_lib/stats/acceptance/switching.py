"""Switching rules: how severely to inspect the next lot, given how the last ones fared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from labelqa_lib.errors import UsageError
from labelqa_lib.stats.acceptance.curves import oc_curve
from labelqa_lib.stats.acceptance.plans import Plan, plan
from labelqa_lib.stats.acceptance.tables import AQLS
from labelqa_lib.translation import say

ENOUGH_SCORE = 30
"""Switching score at which a steady process may go to reduced inspection."""


@dataclass(frozen=True)
class LotResult:
    """How one lot fared on its first inspection.

    Attributes
    ----------
    accepted : bool
        Whether the plan in force accepted it.
    clear : bool
        Whether it would have passed with room: a plan with acceptance number 2 or more one AQL step tighter, a double
        plan in its first sample; with 0 or 1, accepted at all.
    gain : int
        What a clear lot adds to the switching score: 3, or 2 where the acceptance number is 0 or 1.
    between : bool
        On reduced inspection, more bad rows than the acceptance and fewer than the rejection number.
    """

    accepted: bool
    clear: bool
    gain: int = 3
    between: bool = False


@dataclass(frozen=True)
class Step:
    """One lot's place in the history: inspected how, fared how, and what follows.

    `inspection` and `following` are "normal", "tightened" or "reduced"; `following` may be "stopped": accept nothing
    until the cause is mended, then start again on tightened inspection. `why` says what switched, "" where nothing did.
    """

    inspection: str
    accepted: bool
    score: int
    following: str
    why: str


@dataclass(frozen=True)
class _State:
    inspection: str = "normal"
    score: int = 0
    recent: tuple[bool, ...] = ()
    in_a_row: int = 0
    rejected: int = 0

    def after(self, lot: LotResult, reducible: bool) -> tuple[_State, str]:
        return {"normal": self._normal, "tightened": self._tightened, "reduced": self._reduced}[self.inspection](
            lot, reducible
        )

    def _normal(self, lot: LotResult, reducible: bool) -> tuple[_State, str]:
        recent = (*self.recent, lot.accepted)[-5:]
        if recent.count(False) >= 2:
            return _State("tightened"), say("2 of {n} successive lots rejected", n=len(recent))
        score = self.score + lot.gain if lot.accepted and lot.clear else 0
        if score >= ENOUGH_SCORE and reducible:
            return _State("reduced", score), say("switching score {score} reached {enough}", score=score, enough=ENOUGH_SCORE)
        return replace(self, recent=recent, score=score), ""

    def _tightened(self, lot: LotResult, _: bool) -> tuple[_State, str]:
        in_a_row = self.in_a_row + 1 if lot.accepted else 0
        rejected = self.rejected + (not lot.accepted)
        if in_a_row == 5:
            return _State(), say("5 successive lots accepted")
        if rejected == 5:
            return _State("stopped"), say("5 lots rejected on tightened inspection")
        return replace(self, in_a_row=in_a_row, rejected=rejected), ""

    def _reduced(self, lot: LotResult, reducible: bool) -> tuple[_State, str]:
        if not lot.accepted:
            return _State(), say("a lot rejected")
        if lot.between:
            return _State(), say("a lot between acceptance and rejection number")
        if not reducible:
            return _State(), say("production no longer steady")
        return self, ""


def switch(history: Iterable[LotResult | bool], reducible: bool | Sequence[bool] = True) -> tuple[Step, ...]:
    """Under which severity did each lot of a history stand, and the one to come?

    Parameters
    ----------
    history : iterable of LotResult or bool
        Lots in the order of delivery, as inspected the first time. True and False are lots accepted with room (worth 3)
        and rejected.
    reducible : bool or sequence of bool
        Whether production is steady and the customer agrees to reduced inspection; for all lots, or each.

    Returns
    -------
    tuple of Step
        One per lot. The first is inspected normally; the next lot's severity is the last step's `following`.

    Raises
    ------
    UsageError
        When `reducible` has not one entry per lot, or a lot is neither.

    Notes
    -----
    Normal to tightened: 2 of 5 or fewer successive lots rejected. Tightened to normal: 5 successive lots accepted.
    Stop: 5 lots rejected on tightened inspection. Normal to reduced: a switching score of 30 (clear lots add 3, or 2
    where the acceptance number is 0 or 1; any other lot sets it to 0). Reduced to normal: a lot rejected, or between
    its numbers.
    Source: MIL-STD-105E (1989), 4.7; the score is ISO 2859-1:1999, 9.3.3, in place of the older limit numbers.
    """
    lots = [LotResult(lot, lot) if isinstance(lot, bool | np.bool_) else lot for lot in history]
    odd = [lot for lot in lots if not isinstance(lot, LotResult)]
    if odd:
        raise UsageError(f"a lot of the history is {odd[0]!r}; give True (accepted), False (rejected) or what `judge` says")
    allowed = [reducible] * len(lots) if isinstance(reducible, bool | np.bool_) else list(reducible)
    if len(allowed) != len(lots):
        raise UsageError(f"reducible has {len(allowed)} entries for {len(lots)} lots; give one each, or one for all")
    state, steps = _State(), []
    for lot, steady in zip(lots, allowed, strict=True):
        step, state = _step(state, lot, bool(steady))
        steps.append(step)
    return tuple(steps)


def _step(state: _State, lot: LotResult, reducible: bool) -> tuple[Step, _State]:
    current = _State("tightened") if state.inspection == "stopped" else state
    state, why = current.after(lot, reducible)
    return Step(current.inspection, bool(lot.accepted), state.score, state.inspection, why), state


def judge(verdicts: ArrayLike, chosen: Plan, level: str = "II") -> LotResult | None:
    """How does a lot fare under a plan, given what checks found in the order in which its rows were drawn?

    Parameters
    ----------
    verdicts : array of int
        0 or 1 (bad), one per checked row, in random order; what lies beyond the plan's samples is not read.
    chosen : Plan
        From `plan`, with its AQL and lot size.
    level : str
        Under which the plan was chosen, to look one AQL step tighter.

    Returns
    -------
    LotResult or None
        None when too few rows were checked for the plan to decide.

    Raises
    ------
    UsageError
        When a verdict is not 0 or 1, or the plan comes from no table.
    """
    if chosen.aql is None or chosen.lot_size is None:
        raise UsageError("a plan without AQL and lot size has no plan one step tighter; take one from `plan`")
    verdicts = np.asarray(verdicts)
    if not np.isin(verdicts, (0, 1)).all():
        raise UsageError("a verdict is neither 0 nor 1; 1 is a bad row")
    decided = _decided(verdicts, chosen)
    if decided is None:
        return None
    place, found = decided
    last = place == len(chosen.stages) - 1
    accepted = found < chosen.stages[place].reject
    between = last and accepted and found > chosen.stages[place].accept
    if len(chosen.stages) > 1:
        return LotResult(accepted, accepted and place == 0, 3, between)
    if chosen.accept < 2:
        return LotResult(accepted, accepted, 2, between)
    tighter = plan(chosen.lot_size, AQLS[AQLS.index(chosen.aql) - 1], level, chosen.inspection)
    stricter = _decided(verdicts, tighter)
    clear = accepted and stricter is not None and stricter[1] <= tighter.accept
    return LotResult(accepted, clear, 3, between)


def _decided(verdicts: np.ndarray, chosen: Plan) -> tuple[int, int] | None:
    """The stage that decides, and how many bad rows it has found."""
    seen = 0
    for place, stage in enumerate(chosen.stages):
        seen += stage.n
        if len(verdicts) < seen:
            return None
        found = int(verdicts[:seen].sum())
        going = place < len(chosen.stages) - 1 and found > (-1 if stage.accept is None else stage.accept)
        if found >= stage.reject or not going:
            return place, found
    return None


@dataclass(frozen=True)
class InspectedLot:
    """One lot of a history inspected by the scheme; `step` is None where too few rows were checked to decide.

    `following` is how the next one is to be inspected: ``normal``, ``tightened``, ``reduced`` or ``stopped``.
    """

    plan: Plan
    step: Step | None
    following: str


def inspect_lots(
    lots: Iterable[tuple[int, ArrayLike]],
    aql: float,
    level: str = "II",
    kind: str = "single",
    reducible: bool = True,
) -> tuple[InspectedLot, ...]:
    """What would the scheme have said of a delivery history, switching severity as it goes?

    Parameters
    ----------
    lots : iterable of (int, array of int)
        In order of delivery, each lot's size and its checks' verdicts as in `judge`.
    aql, level, kind
        As in `plan`.
    reducible : bool
        As in `switch`.

    Returns
    -------
    tuple of InspectedLot
        One per lot. A lot that cannot be decided leaves the severity as it is.
    """
    state, told = _State(), []
    for size, verdicts in lots:
        severity = "tightened" if state.inspection == "stopped" else state.inspection
        chosen, step = plan(size, aql, level, severity, kind), None
        result = judge(verdicts, chosen, level)
        if result is not None:
            step, state = _step(state, result, reducible)
        told.append(InspectedLot(chosen, step, state.inspection))
    return tuple(told)


def scheme_oc(normal: Plan, tightened: Plan, p: ArrayLike) -> np.ndarray:
    """With which probability is a lot accepted in the long run, normal and tightened inspection taken together?

    Notes
    -----
    (a·P_N + b·P_T)/(a + b), with lots spent on normal inspection a = (2 − P_N⁴)/((1 − P_N)(1 − P_N⁴)) and on tightened
    b = (1 − P_T⁵)/((1 − P_T)P_T⁵); without reduced inspection and without stopping.
    Source: Stephens & Larson (1967), Ind. Qual. Control 24:1.
    """
    on_normal, on_tightened = (np.clip(oc_curve(each, p), 1e-15, 1 - 1e-15) for each in (normal, tightened))
    a = (2 - on_normal**4) / ((1 - on_normal) * (1 - on_normal**4))
    b = (1 - on_tightened**5) / ((1 - on_tightened) * on_tightened**5)
    return (a * on_normal + b * on_tightened) / (a + b)
