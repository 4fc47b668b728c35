"""One page: executed by papermill in its own kernel, exported, published, and told as a record."""

from __future__ import annotations

import re
import time

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError

from labelqa_lib.runner.export import said, to_html
from labelqa_lib.runner.kernel import PageKernel
from labelqa_lib.runner.plan import PlannedPage
from labelqa_lib.runner.record import PageError, PageRecord, publish

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = re.compile(r"Cell In\[(\d+)\], line (\d+)")


class _Watch:
    """Sees a page run. The saved file cannot be asked: after a kernel's death papermill calls every cell completed."""

    def __init__(self):
        self.notebook = None
        self.cell = None
        self.count = 0

    def on_notebook_start(self, notebook):
        self.notebook = notebook

    def on_cell_execute(self, cell, cell_index):
        self.cell, self.count = cell, self.count + 1


def render_page(page: PlannedPage) -> PageRecord:
    """Render one page and write its files.

    Returns
    -------
    PageRecord
        Also for a failure: a page's error is its own and never an exception here.
    """
    started, watch = time.monotonic(), _Watch()
    try:
        notebook = _execute(page, watch)
        html = to_html(notebook, page)
    except Exception as error:  # noqa: BLE001 (whatever a notebook raises is this page's failure)
        reason = _reason(error, watch)
        record = PageRecord.of(page, time.monotonic() - started, reason)
        return publish(page, record, failed=_failed_notebook(watch, error))
    return publish(page, PageRecord.of(page, time.monotonic() - started, **said(notebook)), html=html)


def _execute(page: PlannedPage, watch: _Watch) -> nbformat.NotebookNode:
    return papermill.execute_notebook(
        nbformat.read(page.notebook, as_version=4),
        None,
        parameters=dict(page.parameters),
        kernel_name="python3",
        language="python",
        cwd=page.root,
        progress_bar=False,
        request_save_on_cell_execute=False,
        autosave_cell_every=0,
        kernel_manager_class=PageKernel,
        shutdown_kernel="immediate",
        on_notebook_start=watch.on_notebook_start,
        on_cell_execute=watch.on_cell_execute,
    )


def _reason(error: Exception, watch: _Watch) -> PageError:
    if isinstance(error, papermill.PapermillExecutionError):
        line = _failing_line("\n".join(error.traceback), error.exec_count, error.source)
        return PageError(error.ename, error.evalue, error.exec_count, line)
    if isinstance(error, DeadKernelError) and watch.cell is not None:
        return PageError("KernelDied", "the page's kernel was killed or ended itself, for example because memory "
                         "ran out", watch.count, _failing_line("", watch.count, watch.cell.source))  # fmt: skip
    return PageError(type(error).__name__, str(error))


def _failing_line(traceback: str, cell: int | None, source: str) -> str:
    """The line of the cell at which its error began; the cell's first where the traceback does not tell."""
    lines = source.strip("\n").splitlines() or [""]
    for number, line in _FRAME.findall(_COLOURS.sub("", traceback)):
        if int(number) == cell and int(line) <= len(lines):
            return lines[int(line) - 1].strip()
    return lines[0].strip()


def _failed_notebook(watch: _Watch, error: Exception) -> str | None:
    """The notebook as far as it ran; a dead kernel left no trace in it, so one is added."""
    if watch.notebook is None:
        return None
    if isinstance(error, DeadKernelError) and watch.cell is not None:
        watch.cell.outputs.append(nbformat.v4.new_output("error", ename="KernelDied", evalue=str(error), traceback=[]))
    return nbformat.writes(watch.notebook)
