"""Frame in, matplotlib `Figure` out: intervals and targets drawn, labels beside the data, one style sheet.

Figures are made without pyplot, so nothing is left behind in a kernel. A frame with nothing to draw gives a small
figure that says why.
"""

from labelqa_lib.figures import acceptance, across, sampling
from labelqa_lib.figures.calibration import participants
from labelqa_lib.figures.causes import causes, since
from labelqa_lib.figures.control import control
from labelqa_lib.figures.funnel import funnel
from labelqa_lib.figures.handling import handle_times
from labelqa_lib.figures.hours import by_hour
from labelqa_lib.figures.labels import confusion, costly_pairs
from labelqa_lib.figures.places import Place, places
from labelqa_lib.figures.rare import gaps
from labelqa_lib.figures.segments import compare, distribution
from labelqa_lib.figures.weeks import backlog, trend, trends

__all__ = [
    "Place",
    "acceptance",
    "across",
    "backlog",
    "by_hour",
    "causes",
    "compare",
    "confusion",
    "control",
    "costly_pairs",
    "distribution",
    "funnel",
    "gaps",
    "handle_times",
    "participants",
    "places",
    "sampling",
    "since",
    "trend",
    "trends",
]
