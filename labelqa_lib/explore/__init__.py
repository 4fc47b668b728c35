"""The analyst's desk: the reports' rooms with controls, in JupyterLab.

`View` is what is looked at, `Answers` what the rooms say of it, `show` puts that on a page. In a report the values of the
params stand still; what moves needs a running notebook and is left out there.
"""

from labelqa_lib.explore import show
from labelqa_lib.explore.answers import Answers, there
from labelqa_lib.explore.plans import plan_desk
from labelqa_lib.explore.view import View

__all__ = ["Answers", "View", "desk", "plan_desk", "show", "there"]


def desk(answers: Answers) -> None:
    """What lies behind a figure? Controls over one view after another, where the notebook runs.

    Parameters
    ----------
    answers : Answers
        To the first view.
    """
    from labelqa_lib.explore.shell import put_desk  # widgets: only who opens a desk pays for them

    put_desk(answers)
