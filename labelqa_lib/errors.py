"""Errors that a user can cause, each a sentence: where, what is wrong with the value shown, what to do."""

from __future__ import annotations

from collections.abc import Iterable


class LabelqaError(Exception):
    """Something the user can mend. Carries every problem found, not only the first.

    Parameters
    ----------
    problems : str or iterable of str
        One sentence per problem.
    """

    exit_code = 2

    def __init__(self, problems: str | Iterable[str]):
        self.problems = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class UsageError(LabelqaError):
    """A command, a page or a function was asked for something that does not exist (exit code 2)."""


class ParamsError(LabelqaError):
    """A file below `params/` does not say what it must (exit code 2)."""


class DataError(LabelqaError):
    """A snapshot is missing, unreadable, or holds nothing of what was asked for (exit code 2)."""


class MachineLost(LabelqaError):
    """What a run stands on is gone, such as its cluster (exit code 1); what was done before stands."""

    exit_code = 1


class DeliveryRefused(LabelqaError):
    """A delivery breaks the data contract as a whole; nothing was written (exit code 3)."""

    exit_code = 3
