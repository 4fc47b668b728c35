"""The analyst's desk: the reports' rooms with controls, in JupyterLab.

`View` is what is looked at, `Answers` what the rooms say of it, `show` puts that on a page. `AuditWork` and `SessionWork`
are what people judge one after another at `answer_desk`; answers go to a sheet that the next ingest takes in. In a report
the values of the params stand still; what moves needs a running notebook and is left out there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from labelqa_lib.explore import show
from labelqa_lib.explore.answers import Answers, there
from labelqa_lib.explore.plans import plan_desk
from labelqa_lib.explore.session import SessionWork
from labelqa_lib.explore.view import View
from labelqa_lib.explore.work import AuditWork, Work, progress

__all__ = ["Answers", "AuditWork", "SessionWork", "View", "answer_desk", "desk", "plan_desk", "progress", "show", "there"]


def desk(answers: Answers) -> None:
    """What lies behind a figure? Controls over one view after another, where the notebook runs.

    Parameters
    ----------
    answers : Answers
        To the first view.
    """
    from labelqa_lib.explore.shell import put_desk  # widgets: only who opens a desk pays for them

    put_desk(answers)


def answer_desk(work: Work, clock: Callable[[], datetime]) -> None:
    """What is right here? One thing after another to judge by keyboard, where the notebook runs.

    Parameters
    ----------
    work : Work
        An audit list, or a session's items.
    clock : callable
        Gives the time in UTC.
    """
    from labelqa_lib.explore.answering import put_answer_desk

    put_answer_desk(work, clock)
