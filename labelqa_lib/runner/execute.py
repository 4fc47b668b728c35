"""One page: executed by papermill in its own kernel, exported, published, and told as a record."""

from __future__ import annotations

import re
import time
from contextlib import chdir
from copy import deepcopy
from dataclasses import replace
from functools import lru_cache

import nbformat
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError
from papermill.execute import raise_for_execution_errors, remove_error_markers
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook
from papermill.utils import find_first_tagged_cell_index

from labelqa_lib.runner.export import beside, said, to_html
from labelqa_lib.runner.kernel import watched
from labelqa_lib.runner.limits import Limits, Watch
from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.runner.record import DIED, Making, PageError, PageRecord, publish
from labelqa_lib.runner.talking import PageEngine

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_KERNEL = "python3"
_REPORTS = """
# Where the report of the week before lies
from labelqa_lib.earlier import reports_in

reports_in({folder!r})
"""
_FRAME = re.compile(r"Cell In\[(\d+)\], line (\d+)")


class _Progress:
    """Sees a page run. The saved file cannot be asked: after a kernel's death papermill calls every cell completed."""

    def __init__(self):
        self.notebook = None
        self.cell = None
        self.count = 0

    def on_notebook_start(self, notebook):
        self.notebook = notebook

    def on_cell_execute(self, cell, cell_index):
        self.cell, self.count = cell, self.count + 1


def render_page(page: PlannedPage, limits: Limits, making: Making) -> PageRecord:
    """Render one page and write its files.

    Parameters
    ----------
    page : PlannedPage
    limits : Limits
        What its kernel may take.
    making : Making
        Which run, worker and attempt this is; what it costs is added.

    Returns
    -------
    PageRecord
        Also for a failure: a page's error is its own and never an exception here.
    """
    started, own = time.monotonic(), time.process_time()
    progress, watch = _Progress(), Watch(limits)
    html = failed = files = None
    try:
        notebook = _execute(page, progress, watch)
        html = to_html(notebook, page)
        became, files = said(notebook), beside(notebook, page)
    except Exception as error:  # noqa: BLE001 (whatever a notebook raises is this page's failure)
        became = {"error": _reason(error, progress, watch)}
        failed = _failed_notebook(progress, became["error"])
    cost = replace(making, cpu=round(watch.cpu + time.process_time() - own, 2), memory=watch.peak)
    record = PageRecord.of(page, time.monotonic() - started, making=cost, **became)
    return publish(page, record, html, failed, files)


def _execute(page: PlannedPage, progress: _Progress, watch: Watch) -> NotebookNode:
    """What `papermill.execute_notebook` does, but for the executed notebook as JSON, which it also makes for no file: a tenth
    of a second a page."""
    notebook = deepcopy(_loaded(page.notebook.read_bytes(), page.left_out))
    if page.parameters:
        notebook = parameterize_notebook(notebook, dict(page.parameters), kernel_name=_KERNEL, language="python")
        cell = notebook.cells[find_first_tagged_cell_index(notebook, "injected-parameters")]
        cell.source += _REPORTS.format(folder=str(page.reports.absolute()))
    with chdir(page.root):
        notebook = PageEngine.execute_notebook(
            remove_error_markers(notebook),
            kernel_name=_KERNEL,
            startup_timeout=60,
            kernel_manager_class=watched(watch),
            shutdown_kernel="immediate",
            on_notebook_start=progress.on_notebook_start,
            on_cell_execute=progress.on_cell_execute,
        )
    raise_for_execution_errors(notebook, None)
    return notebook


@lru_cache(maxsize=8)
def _loaded(notebook: bytes, left_out: frozenset[str]) -> NotebookNode:
    """A notebook as papermill loads it, without the cells that are not for a page's audience. Never run: a copy is."""
    read = nbformat.reads(notebook.decode(), as_version=4)
    read.cells = [cell for cell in read.cells if not left_out & set(cell.metadata.get("tags", ()))]
    return load_notebook_node(read)


def _reason(error: Exception, progress: _Progress, watch: Watch) -> PageError:
    if isinstance(error, PapermillExecutionError):
        line = _failing_line("\n".join(error.traceback), error.exec_count, error.source)
        return PageError(error.ename, error.evalue, error.exec_count, line)
    if watch.exceeded or isinstance(error, DeadKernelError):
        name, sentence = watch.exceeded or (DIED, "the page's kernel was killed or ended itself, for example because "
                                            "the machine's memory ran out")  # fmt: skip
        where = (progress.count, _failing_line("", progress.count, progress.cell.source)) if progress.cell else ()
        return PageError(name, sentence, *where)
    return PageError(type(error).__name__, str(error))


def _failing_line(traceback: str, cell: int | None, source: str) -> str:
    """The line of the cell at which its error began; the cell's first where the traceback does not tell."""
    lines = source.strip("\n").splitlines() or [""]
    for number, line in _FRAME.findall(_COLOURS.sub("", traceback)):
        if int(number) == cell and int(line) <= len(lines):
            return lines[int(line) - 1].strip()
    return lines[0].strip()


def _failed_notebook(progress: _Progress, error: PageError) -> str | None:
    """The notebook as far as it ran; a killed kernel left no trace in it, so one is added."""
    if progress.notebook is None:
        return None
    if error.passing and progress.cell is not None:
        trace = nbformat.v4.new_output("error", ename=error.name, evalue=error.message, traceback=[])
        progress.cell.outputs.append(trace)
    return nbformat.writes(progress.notebook)
