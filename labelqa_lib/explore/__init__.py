"""The analyst's desk: the reports' rooms with controls, in JupyterLab.

`View` is what is looked at, `Answers` what the rooms say of it, `show` puts that on a page. In a report the values of the
params stand still; what moves needs a running notebook and is left out there.
"""

from labelqa_lib.explore import show
from labelqa_lib.explore.answers import Answers
from labelqa_lib.explore.plans import plan_desk
from labelqa_lib.explore.view import View

__all__ = ["Answers", "View", "plan_desk", "show"]
