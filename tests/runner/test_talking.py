"""Our way of running cells against papermill's own: the same notebook comes out, whatever its cells do."""

from __future__ import annotations

import gc
import json
import signal
from queue import Empty
from types import SimpleNamespace

import nbformat
import pytest
import zmq
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.session import Session
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from papermill.engines import NBClientEngine
from papermill.iorw import load_notebook_node
from traitlets import Type
from zmq.utils.monitor import recv_monitor_message

from labelqa_lib.runner import talking
from labelqa_lib.runner.kernel import PageKernel
from labelqa_lib.runner.talking import KNOCKS, PageCells, PageClient, PageEngine, PageSession, plain


@pytest.fixture(autouse=True)
def swept():
    """The stock engine leaves failed tasks behind. Whenever garbage is looked for, asyncio tells of them, and parses sources to do so: in
    another test's `ast.parse` that is a SystemError of Python 3.11."""
    yield
    gc.collect()


TIMES = {"start_time", "end_time", "duration"}
CELLS = (
    "1 + 1",
    "import os, sys, threading\nprint('out')\nprint('err', file=sys.stderr)\n'shown'",
    "os.system('echo from below')\nNone",
    "print('a\\udc80\\U0001f600' + 'x' * 100_000)",
    "from IPython.display import HTML, Markdown, clear_output, display, publish_display_data\ndisplay(HTML('<b>a</b>'), Markdown('*b*'))",
    "handle = display(HTML('first'), display_id='one')\ndisplay(HTML('again'), display_id='one')",
    "handle.update(HTML('second'))\nprint('and more')",
    "print('gone')\nclear_output()\nprint('left')",
    "print('replaced')\nclear_output(wait=True)\ndisplay(HTML('by this'))",
    "publish_display_data({'application/vnd.x+json': [{'a': [1, None]}], 'text/plain': 'x'}, metadata={'own': {'deep': [{}]}})",
    "publish_display_data({'text/plain': ['two\\n', 'lines']})",
    "late = threading.Thread(target=print, args=('from a thread',))\nlate.start()\nlate.join()",
    "   ",
)
ASKS = "input('who?')"
BOX = "import ipywidgets\nbox = ipywidgets.Output()\nwith box:\n    print('inside')\nbox"
"""Stock clients hang here one time in a hundred: what they send for the box takes the news of the kernel's answer with it."""


class Stock(PageKernel):
    """The same kernel with the clients and messages of jupyter_client."""

    client_factory = Type(AsyncKernelClient)

    def __init__(self, **traits):
        super().__init__(**traits)
        self.session = Session(key=self.session.key)


@pytest.fixture(autouse=True)
def runtime(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))


def notebook(*sources, last=()):
    cells = [new_markdown_cell("# A title"), *map(new_code_cell, sources), *last]
    for number, cell in enumerate(cells):
        cell.id = f"c{number}"
    return load_notebook_node(new_notebook(cells=cells))


def executed(engine, given, **options):
    kernel = Stock if engine is NBClientEngine else PageKernel
    quiet = {"progress_bar": False, "autosave_cell_every": 0} if engine is NBClientEngine else {}
    return engine.execute_notebook(
        given, kernel_name="python3", kernel_manager_class=kernel, shutdown_kernel="immediate", **quiet, **options
    )


def timeless(made):
    """Everything but times."""
    told = json.loads(nbformat.writes(made))
    for one in (told, *told["cells"]):
        noted = one["metadata"]["papermill"]
        noted.update({name: noted[name] is not None for name in TIMES})
        if "execution" in one["metadata"]:
            one["metadata"]["execution"] = sorted(one["metadata"]["execution"])
    return told


@pytest.mark.slow
def test_a_notebook_comes_out_as_papermill_makes_it():
    fails = new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]})
    skipped = new_code_cell("print('never')", metadata={"tags": ["skip-execution"]})
    last = [fails, skipped, new_code_cell(ASKS), new_code_cell("print('not reached')")]
    ours, theirs = (executed(engine, notebook(*CELLS, last=last)) for engine in (PageEngine, NBClientEngine))
    assert timeless(ours) == timeless(theirs)
    assert ours.cells[-2].outputs[-1].ename == "StdinNotImplementedError"
    assert ours.metadata.papermill.exception and ours.cells[-1].outputs == []


@pytest.mark.slow
def test_an_output_that_is_none_fails_as_in_papermill():
    none = "from IPython.display import publish_display_data\npublish_display_data({'text/plain': 5})"
    said = []
    for engine in (PageEngine, NBClientEngine):
        with pytest.raises(nbformat.ValidationError) as refused:
            executed(engine, notebook(none))
        said.append(str(refused.value))
    assert said[0] == said[1]


@pytest.mark.slow
def test_boxes_take_what_is_printed_into_them_and_a_kernel_that_dies_is_missed(monkeypatch):
    monkeypatch.setattr(talking, "LOOKS", 0.1)
    dies = f"print('seen', flush=True)\nimport os, time\ntime.sleep(0.3)\nos.kill(os.getpid(), {int(signal.SIGKILL)})"
    started = []
    with pytest.raises(DeadKernelError):
        executed(PageEngine, notebook(*[BOX] * 40, dies), on_notebook_start=lambda notebook: started.append(notebook))
    *boxes, last = started[0].cells[1:]
    for cell in boxes:
        assert ["application/vnd.jupyter.widget-view+json" in output.data for output in cell.outputs] == [True]
    assert "".join(output.text for output in last.outputs) == "seen\n"  # in one message or in two


class Heard:
    """A kernel, as far as one hears of it: a channel's messages, one after the other."""

    def __init__(self, *messages):
        self.messages = list(messages)

    def get_msg(self, timeout):
        if not self.messages or self.messages[0] is None:
            del self.messages[:1]  # None: nothing in time
            raise Empty
        return self.messages.pop(0)


def of(parent, kind="stream", **content):
    header = {"msg_type": kind, "date": None}
    return {"msg_type": kind, "header": header, "parent_header": {"msg_id": parent}, "content": content}


def hearing(shell, iopub, *lives):
    given, lives = notebook("1"), iter(lives)
    cells = PageCells(SimpleNamespace(nb=given, autosave_cell=lambda: None))

    async def is_alive():
        return next(lives)

    cells.kc = SimpleNamespace(shell_channel=shell, iopub_channel=iopub, execute=lambda source, stop_on_error: "this")
    cells.km = SimpleNamespace(is_alive=is_alive)
    return given.cells[1], lambda: cells.execute_cell(given.cells[1], 1)


ANSWER, IDLE = of("this", "execute_reply", status="ok"), of("this", "status", execution_state="idle")
EARLY, LATE = of("this", name="stdout", text="early"), of("this", name="stdout", text="late")


def test_what_a_long_cell_shows_is_taken_while_it_runs_and_old_messages_are_not():
    cell, run = hearing(Heard(of("old"), None, of("old"), None, ANSWER), Heard(of("old", name="stdout", text="old"), EARLY, None, LATE, IDLE), True, True)
    run()
    assert "".join(output.text for output in cell.outputs) == "earlylate"
    cell, run = hearing(Heard(None, None, ANSWER), Heard(EARLY, IDLE, of("this", name="stdout", text="never")), True, True)
    run()
    assert [output.text for output in cell.outputs] == ["early"]


def test_a_kernel_that_never_says_that_it_is_done_is_given_up():
    _, run = hearing(Heard(ANSWER), Heard(EARLY), True)
    with pytest.raises(CellTimeoutError, match="IOPub"):
        run()
    for shell, lives in ((Heard(ANSWER), [False]), (Heard(), [True, False])):
        cell, run = hearing(shell, Heard(EARLY), *lives)
        with pytest.raises(DeadKernelError):
            run()
        assert [output.text for output in cell.outputs] == ["early"]


def test_what_may_be_no_output_is_left_to_the_schema():
    def asked(kind="display_data", **content):
        return plain({"header": {"msg_type": kind}, "content": content})

    assert asked(data={"text/html": "<b>"}, metadata={}) == {"output_type": "display_data", "data": {"text/html": "<b>"}, "metadata": {}}
    assert asked("stream", name="stdout", text="a") == {"output_type": "stream", "name": "stdout", "text": "a"}
    assert asked(data={"application/json": 1, "application/x+json": None}, metadata={}) is not None
    for data in ({"text/plain": 1}, {"text/plain": ["a"]}, {"text/x+json": {}}, ["text"]):
        assert asked(data=data, metadata={}) is None
    assert asked(data={}, metadata=None) is None and asked("stream", name="stdout", text=None) is None
    assert asked("execute_result", data={}, metadata={}, execution_count=1) is None


def test_a_channel_that_is_not_there_yet_is_tried_again_soon(tmp_path):
    client = PageClient(transport="ipc", ip=str(tmp_path / "k"), context=zmq.Context(), shell_port=1, iopub_port=2)
    client.start_channels()
    channels = client.shell_channel, client.iopub_channel
    monitors = [channel.socket.get_monitor_socket(zmq.EVENT_CONNECT_RETRIED) for channel in channels]
    for monitor in monitors:
        monitor.rcvtimeo = 10_000  # milliseconds until the test has failed
    try:
        waits = [recv_monitor_message(monitor)["value"] for monitor in monitors for _ in range(3)]
    finally:
        for channel, monitor in zip(channels, monitors, strict=True):
            channel.socket.disable_monitor()
            monitor.close()
        client.stop_channels()
    assert all(KNOCKS <= wait < 2 * KNOCKS for wait in waits)  # milliseconds; ZeroMQ adds a random part


def test_a_message_is_read_as_jupyter_client_reads_it_and_a_forged_one_is_not():
    stock = Session(key=b"one", digest_history_size=0)
    sent = stock.serialize(stock.msg("stream", content={"date": "2026-01-01T00:00:00Z"}, metadata={"a": 1}))[1:]
    ours, theirs = PageSession(key=b"one").deserialize([*sent, b"more"]), stock.deserialize([*sent, b"more"])
    assert ours == theirs
    with pytest.raises(ValueError, match="signature"):
        PageSession(key=b"another").deserialize(sent)
    with pytest.raises(ValueError, match="signature"):
        PageSession(key=b"one").deserialize([b"", *sent[1:]])
