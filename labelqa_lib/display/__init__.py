"""Puts titles, cards, findings, figures and tables on the notebook's page, with alt text and fixed ids.

Every function here is one cell of a notebook. What it shows carries HTML for the report and plain text for whoever
reads the notebook itself; text of a delivery is escaped and stays data.
"""

from labelqa_lib.display.answers import answers
from labelqa_lib.display.headline import headline
from labelqa_lib.display.parts import findings, missing, provenance, quality, sentence, status, title
from labelqa_lib.display.show import behind, chart, figure
from labelqa_lib.display.statement import statement
from labelqa_lib.display.tables import table

__all__ = [
    "answers", "behind", "chart", "figure", "findings", "headline", "missing", "provenance", "quality", "sentence", "statement",
    "status", "table", "title",
]  # fmt: skip
