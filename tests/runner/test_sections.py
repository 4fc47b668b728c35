"""Sections that nothing could answer are left out; everything else stays in its order."""

from __future__ import annotations

from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from labelqa_lib.runner.sections import answered


def shows(name: str, unanswered: bool = False):
    metadata = {"labelqa": {"unanswered": True}} if unanswered else {}
    return new_code_cell(name, outputs=[new_output("display_data", {"text/plain": name}, metadata=metadata)])


def kept(*cells) -> list[str]:
    return [cell.source for cell in answered(list(cells))]


def test_a_section_of_nothing_but_reasons_is_left_out_with_its_heading_and_prose():
    prose = new_markdown_cell("How to read it.")
    assert kept(
        new_markdown_cell("# Page"), shows("cards"),
        new_markdown_cell("## Agents\n\n### Who?"), new_code_cell("measure"), shows("no agents", True), prose,
        new_markdown_cell("## Labels"), shows("labels"),
    ) == ["# Page", "cards", "## Labels", "labels"]  # fmt: skip


def test_one_answer_keeps_its_section_and_the_heading_above_it():
    cells = [
        new_markdown_cell("## QAs"), shows("nothing", True),
        new_markdown_cell("### Do they agree?"), shows("nothing", True), shows("pairs"),
        new_markdown_cell("### Are they fast?"), shows("nothing", True),
    ]  # fmt: skip
    assert kept(*cells) == ["## QAs", "nothing", "### Do they agree?", "nothing", "pairs"]


def test_sections_without_outputs_stay():
    cells = [new_markdown_cell("## How to read"), new_code_cell("silent = 1"), new_markdown_cell("Prose.")]
    assert kept(*cells) == ["## How to read", "silent = 1", "Prose."]
    assert kept() == []
