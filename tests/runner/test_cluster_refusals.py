"""What a cluster's worker must be, asked without a cluster."""

from __future__ import annotations

import sys
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from types import SimpleNamespace

import pytest

from labelqa_lib.errors import MachineLost, UsageError
from labelqa_lib.runner import Limits, Outputs, PageRecord, PlannedPage
from labelqa_lib.runner.cluster import Cluster, _Run
from labelqa_lib.runner.errand import Errand, Refused, Told, tell
from labelqa_lib.runner.record import publish
from labelqa_lib.runner.unchanged import code

GOOD = Told(version("labelqa"), code(), 1, ())


@pytest.fixture
def cluster():
    """One whose client gives what a test puts into `answers`, and futures that a test ends."""
    made = object.__new__(Cluster)
    made.address, made.sees, made.workers, made.refused, made.told = "tcp://s:1", [], {}, set(), []
    made.say, made.answers, made.futures, made.submitted = made.told.append, {}, [], []

    def submit(_make, _errand, key, **options):
        future = Future()
        future.key, future.status = key, "pending"
        made.futures.append(future)
        made.submitted.append(options)
        return future

    made.client = SimpleNamespace(
        run=lambda *_, **__: made.answers, submit=submit, cancel=lambda *_, **__: None, subscribe_topic=lambda *_: None,
        unsubscribe_topic=lambda *_: None, status="running", scheduler_info=lambda **_: {"workers": {}},
    )  # fmt: skip
    return made


def errands(tmp_path) -> dict[str, Errand]:
    page = PlannedPage(tmp_path / "page.ipynb", tmp_path, tmp_path / "reports", "MY", "2026-W46", "internal", "S1")
    return {"one": Errand(page, Limits(), datetime.now(UTC), b"", None, "reports", str(tmp_path), code())}


def test_workers_of_another_labelqa_or_that_cannot_see_or_offer_nothing_are_refused_each_with_a_sentence(cluster):
    cluster.answers = {
        "tcp://a:1": GOOD,
        "tcp://b:1": replace(GOOD, version="0.0.1"),
        "tcp://c:1": replace(GOOD, code={**code(), "library": "other", "packages": "other"}),
        "tcp://d:1": replace(GOOD, unseen=("/data/snapshots",)),
        "tcp://e:1": replace(GOOD, pages=0),
        "tcp://f:1": ModuleNotFoundError("No module named 'labelqa_lib.runner.errand'"),
        "tcp://g:1": replace(GOOD, pages=2),
    }
    cluster._look(0)
    assert cluster.jobs == 3 and set(cluster.workers) == {"tcp://a:1", "tcp://g:1"}
    here = version("labelqa")
    assert [sentence.split(": refused, it ")[1] for sentence in cluster.told] == [
        f"runs labelqa 0.0.1, this run is {here}; start it in the same environment",
        f"runs labelqa {here} like this run, but not the same library and packages; install the same, then start it again",
        "does not see /data/snapshots; mount it there, at the same path as here",
        "offers no page; start it with --resources page=1 (pages that it may render at a time)",
        "could not say what it is (ModuleNotFoundError: No module named 'labelqa_lib.runner.errand'); start it in the same "
        "environment as this run",
    ]
    assert tell([__file__, "/nowhere"]) == replace(GOOD, pages=0, unseen=("/nowhere",))


def test_a_page_that_a_newcomer_of_other_code_was_given_goes_to_another(cluster, tmp_path):
    cluster.workers = {"tcp://a:1": 1, "tcp://new:1": 1}
    run = _Run(cluster, errands(tmp_path), Outputs(tmp_path), datetime.now(UTC))
    records = run.records(lambda busy: cluster.futures[-1].status == "pending" and end(cluster))

    def end(cluster):
        future = cluster.futures[-1]
        if len(cluster.futures) == 1:
            future.status = "error"
            future.set_exception(Refused("tcp://new:1"))
        else:
            future.status, page = "finished", run.errands["one-again"].page
            future.set_result(publish(page, PageRecord.of(page, 1.0), html="<p>made"))

    assert [record.status for record in records] == ["rendered"]
    assert cluster.told == ["worker tcp://new:1: refused, it runs other code than this run; start it in the same environment"]
    assert [options.get("workers") for options in cluster.submitted] == [None, ["tcp://a:1"]]


def test_a_page_that_was_written_to_a_folder_of_the_same_name_elsewhere_is_no_page(cluster, tmp_path):
    cluster.workers = {"tcp://a:1": 1}
    run = _Run(cluster, errands(tmp_path), Outputs(tmp_path), datetime.now(UTC))
    page = run.errands["one"].page

    def end(_busy):
        if cluster.futures[0].status == "pending":
            cluster.futures[0].status = "finished"
            cluster.futures[0].set_result(PageRecord.of(page, 1.0, sha256="of a page"))

    assert [record.error.name for record in run.records(end)] == ["NotShared"]
    assert "mount the same folder" in page.record.read_text()


def test_a_scheduler_that_is_gone_and_one_without_workers_end_the_run_with_a_sentence(cluster, tmp_path, monkeypatch):
    run = _Run(cluster, errands(tmp_path), Outputs(tmp_path), datetime.now(UTC))
    run._check()
    monkeypatch.setitem(sys.modules["labelqa_lib.runner.cluster"].PATIENCE, "another worker", -1)
    with pytest.raises(MachineLost, match="has had no worker for -1 s; pages that were done stay"):
        run._check()
    cluster.client.status = "closed"
    with pytest.raises(MachineLost, match="is gone") as lost:
        run._check()
    assert lost.value.exit_code == 1


def test_without_the_package_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"install `labelqa\[dask\]`, here and on every worker"):
        Cluster("tcp://127.0.0.1:9")
