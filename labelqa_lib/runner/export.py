"""An executed notebook as one HTML file: code hidden, nothing from the network, the same bytes every time."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from nbconvert import HTMLExporter
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbformat import NotebookNode

from labelqa_lib.runner.beside import ACCURACY, PDF, SPREADSHEET, spreadsheet, statement
from labelqa_lib.runner.compiled import TEMPLATES, bytecode
from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.runner.sealing import sealed
from labelqa_lib.runner.sections import answered
from labelqa_lib.translation import ENGLISH, say, speaking, tag
from labelqa_lib.translation.markdown import translated

HEADLINE = "application/vnd.labelqa.headline+json"
FINDINGS = "application/vnd.labelqa.findings+json"
FRAME = "application/vnd.labelqa.frame"
STATEMENT = "application/vnd.labelqa.statement+json"


def said(notebook: NotebookNode) -> dict[str, str | list]:
    """What a page hands on beside its HTML: its title and language; headlines, findings and warnings, each as shown."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    with speaking(_locale(notebook)):
        language = tag()
    return {
        "language": language,
        "title": _heading(notebook),
        "headlines": _of_type(outputs, HEADLINE),
        "findings": _of_type(outputs, FINDINGS),
        "warnings": [output.text for output in outputs if _is_stderr(output)],
    }


def beside(notebook: NotebookNode, page: PlannedPage) -> dict[str, bytes | None]:
    """The files that lie beside a page, by how their names end; None for one that this page does not have."""
    with speaking(_locale(notebook)):
        return _beside(notebook, page)


def _beside(notebook: NotebookNode, page: PlannedPage) -> dict[str, bytes | None]:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    cards = [{name: value for name, value in row.items() if not isinstance(value, list)} for row in _of_type(outputs, HEADLINE)]
    frames = []
    if cards:
        values = [[card.get(name) for card in cards] for name in cards[0]]
        frames.append({"id": "headline", "title": say("Headline metrics"), "columns": list(cards[0]), "values": values})
    carried = map(json.loads, _of_type(outputs, FRAME))
    frames += [frame for frame in carried if any(frame["values"])]
    stated = _of_type(outputs, STATEMENT)
    return {
        SPREADSHEET: spreadsheet(frames, page, say(_heading(notebook))) if frames else None,
        ACCURACY: statement(stated) if stated else None,
        PDF: None,  # one that was printed from an earlier page
    }


def _of_type(outputs: list[NotebookNode], mime: str) -> list[dict[str, Any]]:
    found = []
    for output in outputs:
        content = output.get("data", {}).get(mime, [])
        found += content if isinstance(content, list) else [content]
    return found


def _is_stderr(output: NotebookNode) -> bool:
    return output.output_type == "stream" and output.name == "stderr"


def to_html(notebook: NotebookNode, page: PlannedPage) -> str:
    """Export an executed notebook through the report's template, in the language of the locale that its title names.

    Raises
    ------
    UsageError
        When the page would ask the network for something.
    """
    shown = _without_chance(notebook)
    about = {"market": page.market, "week": page.week, "audience": page.audience, "snapshot": page.snapshot}
    with speaking(_locale(notebook)):
        shown.metadata.setdefault("title", f"{say(_heading(shown)) or page.name} · {page.market} · {page.week}")
        html, _ = _exporter().from_notebook_node(shown, resources={"metadata": {"name": page.name, **about}})
    return sealed(html, _script())


def _locale(notebook: NotebookNode) -> str:
    """The locale that `display.title` was asked to speak; English where there is no such title."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    told = (output.get("metadata", {}).get("labelqa", {}).get("locale") for output in outputs)
    return next(filter(None, told), ENGLISH)


@lru_cache(maxsize=1)
def _script() -> str:
    """The page's own script, as the template puts it between its tags."""
    return (TEMPLATES / "labelqa" / "page.js").read_text(encoding="utf-8").strip()


class _PageExporter(HTMLExporter):
    """The stock one reads the finished page a second time, to add what our template says already: four fifths of its time."""

    def from_notebook_node(self, nb, resources=None, **options):
        resources = self._init_resources(resources)
        shown = WidgetsDataTypeFilter(notebook_metadata=self._nb_metadata, parent=self, resources=resources)
        self.register_filter("highlight_code", Highlight2HTML(parent=self))
        self.register_filter("filter_data_type", shown)
        return TemplateExporter.from_notebook_node(self, nb, resources, **options)

    def _preprocess(self, nb, resources):
        """Nothing: the stock ones copy a notebook twice and validate it, which papermill has done, for filters that are off."""
        return nb, resources

    def _init_resources(self, resources):
        return super()._init_resources(resources) | {"language_code": tag()}  # the trait knows no countries

    @pass_context
    def markdown2html(self, context, source):
        """Markdown in the language that is spoken. Headings keep the ids of the English ones: links hold in all languages."""
        said = translated(source)
        known = self.__dict__.setdefault("_known", {})  # the table of contents asks again, and so does the next market's page
        if context.get("cell", {}).get("attachments"):
            known = {}  # they are this cell's, whatever others say
        elif len(known) > _MOST_KNOWN:
            known.clear()
        if (source, said) not in known:
            for text in {source, said}:
                if (text, text) not in known:
                    known[text, text] = super().markdown2html(context, text)
            if said != source:
                ids = iter(_HEADING_ID.findall(known[source, source]))
                known[source, said] = _HEADING_LINK.sub(lambda found: _with_id(found, next(ids, "")), known[said, said])
        return known[source, said]


_MOST_KNOWN = 1000
"""Paragraphs of Markdown that a worker holds."""
_HEADING_ID = re.compile(r'<h[1-6] id="([^"]*)">')
_HEADING_LINK = re.compile(r'(<h[1-6] id=")[^"]*(">.*?<a class="anchor-link" href="#)[^"]*(")', re.DOTALL)


def _with_id(found: re.Match, id: str) -> str:
    return f"{found[1]}{id}{found[2]}{id}{found[3]}" if id else found[0]


@lru_cache(maxsize=1)
def _exporter() -> HTMLExporter:
    exporter = _PageExporter(
        template_name="labelqa",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        embed_images=True,
        optimistic_validation=True,  # once, not after each of ten preprocessors
    )
    exporter.environment.globals["say"] = say
    exporter.environment.bytecode_cache = bytecode()
    return exporter


def _without_chance(notebook: NotebookNode) -> NotebookNode:
    """The notebook without what differs between two equal runs (times, random ids) and without what no reader should see.
    What is left is not copied: the given one stays as it was."""
    cells = [_shown(cell, f"cell-{number}") for number, cell in enumerate(notebook.cells, start=1)]
    return _Shown(_but(notebook, metadata=_without(notebook.metadata, "papermill", "widgets"), cells=answered(cells)))


class _Shown(NotebookNode):
    """A notebook that is made to be exported once: the exporter, which would copy it, may have it."""

    def __deepcopy__(self, memo: dict) -> NotebookNode:
        return self


def _shown(cell: NotebookNode, id: str) -> NotebookNode:
    changed = {"id": id, "metadata": _without(cell.metadata, "papermill", "execution")}
    if cell.cell_type == "code":
        outputs = [_but(one, data=_without(one.data, HEADLINE, FINDINGS, FRAME, STATEMENT)) if "data" in one else one for one in cell.outputs]
        changed["outputs"] = [one for one in outputs if one.get("data", not _is_stderr(one))]
    return _but(cell, **changed)


def _but(node: NotebookNode, **changed: object) -> NotebookNode:
    return NotebookNode({**node, **changed})


def _without(node: NotebookNode, *names: str) -> NotebookNode:
    return NotebookNode({name: value for name, value in node.items() if name not in names})


def _heading(notebook: NotebookNode) -> str:
    for cell in notebook.cells:
        found = re.search(r"^# (.+)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else None
        if found:
            return found[1].strip()
    return ""
