"""The kinds of rule that the contract is written in: pandera checks, each with the sentence a reject shows.

A missing value breaks no rule but that of being there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import ibis
from pandera.api.ibis.types import IbisData
from pandera.ibis import Check

# A market's code becomes the name of a folder: nothing else may pass (params writes the same rule for its files).
MARKET_CODE = r"^[A-Za-z][A-Za-z0-9]{0,15}([-_][A-Za-z0-9]{1,15})?$"


class Rule(Check):
    """A pandera check that can tell, too, which rows break it, as an expression and nothing else.

    Called as a check it makes a query of the failing rows and one of whether there are any, each time.
    """

    def __init__(self, held: Callable[[IbisData], ibis.Column], sentence: str):
        super().__init__(held, error=sentence)
        self.held = held

    def broken(self, rows: ibis.Table, column: str | None = None) -> ibis.BooleanColumn:
        """True where a row breaks the rule; a missing value of `column` breaks none."""
        held = self.held(IbisData(rows, column))
        return ~held if column is None else ~(held | rows[column].isnull())


def rule(sentence: str, of_column: Callable[[ibis.Column], ibis.Column]) -> Rule:
    """A rule of one column's values."""
    return Rule(lambda data: of_column(data.table[data.key]), sentence)


def one_of(name: str, *allowed: str) -> Rule:
    """The value is one of those allowed."""
    return rule(f"{name} is not one of {', '.join(allowed)}", lambda column: column.isin(allowed))


def between(name: str, low: float, high: float) -> Rule:
    """The value lies in [low, high]."""
    return rule(f"{name} is outside [{low}, {high}]", lambda column: column.between(low, high))


def minutes(name: str) -> Rule:
    """The value is a part of a day, in minutes."""
    return between(name, 0, 24 * 60)


def not_negative(name: str) -> Rule:
    """The value is 0 or more."""
    return rule(f"{name} is negative", lambda column: column >= 0)


def probability(name: str) -> Rule:
    """The value lies in (0, 1]."""
    return rule(f"{name} is outside (0, 1]", lambda column: (column > 0) & (column <= 1))


def market_code() -> Rule:
    """The value can be a market's code; a path or a blank can not."""
    return rule("market is not a market code", lambda column: column.re_search(MARKET_CODE))


class Past:
    """Rules of what cannot be in the future."""

    def __init__(self, now: datetime):
        self.now = now.astimezone(UTC).replace(tzinfo=None)
        self.today = (self.now + timedelta(hours=14)).date()  # where the day begins first, at UTC+14

    def time(self, name: str) -> Rule:
        """The time lies at or before now."""
        return rule(f"{name} lies in the future", lambda column: column <= ibis.literal(self.now))

    def day(self, name: str) -> Rule:
        """The day has begun somewhere on earth."""
        return rule(f"{name} lies in the future", lambda column: column <= ibis.literal(self.today))


def ordered(first: str, second: str, sentence: str | None = None) -> Rule:
    """The first column's value is at most the second's."""
    return Rule(
        lambda data: (data.table[first] <= data.table[second]).fill_null(True),
        sentence or f"{second} lies before {first}",
    )


def differ(one: str, other: str, sentence: str) -> Rule:
    """Two columns hold different values."""
    return Rule(lambda data: (data.table[one] != data.table[other]).fill_null(True), sentence)


def there(name: str, sentence: str) -> Rule:
    """A looked-up value was found."""
    return Rule(lambda data: data.table[name].notnull(), sentence)
