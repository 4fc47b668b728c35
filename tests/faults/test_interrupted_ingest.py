"""An ingest that is killed, has no room or no permission: the snapshot that was there stays, nothing half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from intake.deliveries import annotation, current, described, ingest, rows, write

from labelqa_lib.errors import DataError

# An ingest that stops for ever at a given step, after telling that it came there.
STOPPING = """
import sys, time, pathlib
sys.path.insert(0, {tests!r})
from intake.deliveries import ingest
from labelqa_lib.intake import snapshot

def stop(*arguments, **named):
    pathlib.Path({told!r}).write_text("here")
    time.sleep(600)

snapshot.{step} = stop
ingest(pathlib.Path({delivery!r}), pathlib.Path({root!r}))
"""

# One whose engine is asked for ever, in another thread than the one that hears signals.
ASKING = """
import sys, pathlib
sys.path.insert(0, {tests!r})
from intake.deliveries import ENDLESS, ingest
from labelqa_lib.intake import examining

def ask(table, schema, lines, connection):
    pathlib.Path({told!r}).write_text("here")
    connection.execute(ENDLESS).fetchall()

examining.mark_repeated = ask
ingest(pathlib.Path({delivery!r}), pathlib.Path({root!r}))
"""


@contextmanager
def come_to(program: str, tmp_path: Path, **words: object) -> Iterator[subprocess.Popen]:
    """A process that came where it tells that it is; it is killed in the end."""
    told = tmp_path / "told"
    program = program.format(tests=str(Path(__file__).parents[1]), told=str(told), **{name: str(word) for name, word in words.items()})
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True) as process:
        try:
            end = time.monotonic() + 120
            while not told.exists():
                assert process.poll() is None and time.monotonic() < end
                time.sleep(0.05)
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


@pytest.fixture
def root(tmp_path):
    """A data root that holds a snapshot of one annotation."""
    ingest(write(tmp_path / "before", annotations=[annotation(0)]), tmp_path / "s")
    return tmp_path / "s"


@pytest.mark.slow
@pytest.mark.parametrize("step", ["write_rejects", "_flush", "_replace"])
def test_kill_9_leaves_the_old_snapshot_and_the_next_ingest_sweeps_up(root, tmp_path, step):
    before = (root / "CURRENT").read_text()
    delivery = write(tmp_path / "d", annotations=[annotation(1)])
    with come_to(STOPPING, tmp_path, delivery=delivery, root=root, step=step):
        pass
    assert (root / "CURRENT").read_text() == before
    assert rows(root, "annotations", "annotation_id") == [("a0",)]
    half_written = list(root.glob(".tmp-*"))
    assert len(half_written) == (0 if step == "_replace" else 1)
    outcome = ingest(delivery, root)
    assert rows(root, "annotations", "annotation_id") == [("a0",), ("a1",)]
    assert not list(root.glob(".tmp-*")) and (root / "CURRENT").read_text().strip() == outcome.snapshot
    assert all((folder / "snapshot.json").is_file() for folder in root.iterdir() if folder.is_dir())


@pytest.mark.slow
def test_an_interrupt_ends_an_ingest_and_what_it_was_asking(tmp_path):
    delivery = write(tmp_path / "d", annotations=[annotation(1)])
    with come_to(ASKING, tmp_path, delivery=delivery, root=tmp_path / "s") as process:
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, words = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in words
    assert [path.name for path in (tmp_path / "s").iterdir()] == [".lock"]


@pytest.mark.slow
@pytest.mark.parametrize(("number", "said"), [(signal.SIGTERM, (143, "terminated")), (signal.SIGINT, (130, "interrupted"))])
def test_a_signal_while_the_engine_works_is_one_word_and_nothing_is_left(tiny, number, said):
    (delivery := tiny.root / "delivery").mkdir()
    rows = ("a{0},i{0},MY,ok,2026-11-10T08:00:00Z,p1".format(n) for n in range(3_000_000))
    (delivery / "annotations.csv").write_text("annotation_id,item_id,market,label,annotated_at,agent_id\n" + "\n".join(rows))
    (delivery / "labels.csv").write_text("label,policy_area,violating,critical,order\nok,none,false,false,0\n")
    process = tiny.start("ingest", str(delivery), "--data", str(tiny.root / "own"))
    end = time.monotonic() + 120
    while psutil.Process(process.pid).num_threads() < 2 or psutil.Process(process.pid).memory_info().rss < 150 * 2**20:
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(number)
    _out, err = process.communicate(timeout=120)
    assert (process.returncode, err.strip()) == (said[0], f"labelqa: {said[1]}")
    assert not [path for path in (tiny.root / "own").rglob("*") if path.is_file() and path.name != ".lock"]


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 600 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_is_a_sentence_and_nothing_is_left(small_disk, tmp_path):
    ingest(write(tmp_path / "d", annotations=[annotation(0)]), small_disk)
    before = current(small_disk)
    many = [annotation(n, agent_id=os.urandom(40).hex(), annotated_at="2026-11-10T08:00:00Z") for n in range(1, 15_000)]
    with pytest.raises(DataError, match="No space left on device"):
        ingest(write(tmp_path / "e", annotations=many), small_disk)
    assert current(small_disk) == before and not list(small_disk.glob(".tmp-*"))
    assert rows(small_disk, "annotations", "annotation_id") == [("a0",)]
    ingest(write(tmp_path / "f", annotations=[annotation(1)]), small_disk)
    assert described(small_disk)["tables"]["annotations"]["rows"] == 2


@pytest.mark.slow
def test_no_permission_is_a_sentence(root, tmp_path):
    """As somebody who may read and not write: root drops its rights in a process of its own."""
    delivery = write(tmp_path / "d", annotations=[annotation(1)])
    program = f"""
import os, sys, pathlib
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from intake.deliveries import ingest
from labelqa_lib.errors import DataError
delivery = pathlib.Path({str(delivery)!r})
ingest(delivery, pathlib.Path({str(tmp_path / "elsewhere")!r}))  # imports all that is needed, while it may
if os.geteuid() == 0:
    os.setgid(65534), os.setuid(65534)
try:
    ingest(delivery, pathlib.Path({str(root)!r}))
except DataError as error:
    sys.exit(str(error))
"""
    for folder in (tmp_path, *tmp_path.parents):
        if os.geteuid() == 0 and folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(0o755)
    root.chmod(0o555)
    try:
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=300)
    finally:
        root.chmod(0o755)
    assert done.returncode == 1 and "permission denied" in done.stderr and "Traceback" not in done.stderr
    assert rows(root, "annotations", "annotation_id") == [("a0",)]
