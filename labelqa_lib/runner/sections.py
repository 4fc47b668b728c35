"""Leaves out of a report the sections that nothing in the delivery could answer.

A page in a notebook says at each question why it has no answer. In the report those questions are listed once, under
"What could not be answered", and their sections are dropped: without agent ids there is no agent section.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from nbformat import NotebookNode

_HEADING = re.compile(r"^(#{1,6})\s", re.MULTILINE)


@dataclass
class _Section:
    """A heading's cell and the cells up to the next heading; `level` 0 is what stands before the first."""

    level: int
    cells: list[NotebookNode] = field(default_factory=list)

    @property
    def unanswered(self) -> bool:
        """Whether it shows something, and all of it only says why there is nothing to show."""
        shown = [output for cell in self.cells for output in cell.get("outputs", [])]
        return bool(shown) and all(output.get("metadata", {}).get("labelqa", {}).get("unanswered") for output in shown)


def answered(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The cells without sections that show nothing; a heading stays as long as any section below it does."""
    sections = _sections(cells)
    kept: list[_Section] = []
    for section in reversed(sections):
        below = kept[-1] if kept else None
        carries = below is not None and below.level > section.level
        if carries or not section.unanswered:
            kept.append(section)
    return [cell for section in reversed(kept) for cell in section.cells]


def _sections(cells: list[NotebookNode]) -> list[_Section]:
    sections = [_Section(0)]
    for cell in cells:
        heading = _HEADING.search(cell.source) if cell.cell_type == "markdown" else None
        if heading:
            sections.append(_Section(len(heading[1])))
        sections[-1].cells.append(cell)
    return sections
