"""What a plan for the next week starts from: the weeks before it, who is new, and which intervals are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from labelqa_lib.periods import Week
from labelqa_lib.sampling.precision import Goal, goals
from labelqa_lib.sampling.rules import Rules
from labelqa_lib.sampling.strata import Past, past
from labelqa_lib.store import Tables


@dataclass(frozen=True)
class Outlook:
    """What a plan for the next week starts from.

    Attributes
    ----------
    past : Past
        What a market's weeks tell of the next.
    joiners : frozenset of str
        Agents who are new.
    rules : Rules
    goals : list of Goal
        Intervals that should be narrow enough.
    """

    past: Past
    joiners: frozenset[str]
    rules: Rules
    goals: list[Goal]


def outlook(tables: Tables, rules: Rules | None = None, weeks: Sequence[str] | None = None) -> Outlook:
    """What do these weeks tell of the audits of the week after them, before any is planned?

    Parameters
    ----------
    tables : Tables
        The market's weeks so far.
    rules : Rules
        Its goals and limits; the usual ones when None.
    weeks : sequence of str, optional
        The weeks to learn from; all of the tables' when None.
    """
    rules, weeks = rules or Rules(), tuple(weeks or tables.weeks)
    known = past(tables, rules, weeks)
    return Outlook(known, joiners(tables, rules, weeks[-1]), rules, goals(known, rules))


def joiners(tables: Tables, rules: Rules, last: str) -> frozenset[str]:
    """Who went live less than `new_joiner_weeks` before the week after `last`, or is still to."""
    if tables.people is None:
        return frozenset()
    since = (Week.parse(last) + 1 - rules.new_joiner_weeks).monday
    people = tables.fetched("people")
    live = pd.to_datetime(people["live_on"].fillna(people["started_on"]))
    return frozenset(people.loc[live > pd.Timestamp(since), "person_id"])
