"""The same rooms with sliders: what a page shows for the params' values, an analyst moves in JupyterLab.

In a report the values of the params stand still; a slider needs a running notebook and is left out there.
"""

from labelqa_lib.explore.plans import plan_desk

__all__ = ["plan_desk"]
