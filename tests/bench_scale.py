"""What 100 million annotations cost: one market's page, the overview of all, and taking in a delivery of 10 GB.

Run by `make bench-scale`; sizes are arguments. The demo is repeated: each market under other names, each row under other
ids, in the layout that an ingest writes. Everything is made below one folder and deleted in the end.
"""

from __future__ import annotations

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")  # as in a page's kernel

import argparse
import hashlib
import json
import resource
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import machine
import psutil
import pyarrow.parquet as parquet

from labelqa_lib import intake
from labelqa_lib.intake.following import write_following

ROOT = Path(__file__).resolve().parents[1]
GROUP = 1 << 20

IDS = {
    "annotations": ["annotation_id", "item_id", "agent_id"],
    "audits": ["audit_id", "annotation_id", "auditor_id"],
    "items": ["item_id"],
    "appeals": ["appeal_id", "target_id", "annotation_id"],
    "gold": ["item_id"],
    "people": ["person_id"],
    "shifts": ["person_id"],
    "quiz_answers": ["person_id"],
    "sop_acknowledgements": ["person_id"],
}
"""Columns of which every repetition has its own values; of a market's other tables there is one copy a market."""


def generate(demo: Path, into: Path, copies: int, times: int) -> dict:
    """A snapshot with every market `copies` times under other names and every row `times` times under other ids."""
    connection = duckdb.connect()
    connection.execute(f"SET threads = 1; SET memory_limit = '2GB'; SET preserve_insertion_order = true; SET temp_directory = '{into}/tmp'")
    told = json.loads((demo / "snapshot.json").read_text())
    name = "20261126T000000Z-00000000"
    folder = into / name
    folder.mkdir(parents=True)
    partitions, markets = {}, {}
    for base, about in sorted(told["markets"].items()):
        for copy in range(copies):
            market = f"{base}-{copy + 1:02}"
            markets[market] = about
            for week in about["weeks"]:
                for table in ("annotations", "audits"):
                    there = demo / table / f"market={base}" / f"week={week}"
                    if there.exists():
                        target = folder / table / f"market={market}" / f"week={week}"
                        target.mkdir(parents=True)
                        rows = repeated(table, f"{there}/*.parquet", market, copy, times)
                        connection.execute(f"COPY ({rows} ORDER BY 1) TO '{target}/part-0.parquet' (COMPRESSION zstd, ROW_GROUP_SIZE {GROUP})")
                partitions[f"{market}/{week}"] = hashlib.sha256(f"{market}/{week}".encode()).hexdigest()
    for path in sorted(demo.glob("*.parquet")):
        single(connection, path, folder / path.name, sorted(told["markets"]), copies, times)
    tables = {table: {**counts, "rows": counts["rows"] * copies * times} for table, counts in told["tables"].items()}
    described = {**told, "id": name, "parent": None, "markets": markets, "partitions": partitions, "tables": tables, "restated": {}}
    with intake.workbench() as engine:
        described["derived"] = write_following(folder, partitions, None, None, engine)
    (folder / "snapshot.json").write_text(json.dumps(described))
    (into / "CURRENT").write_text(name)
    shutil.rmtree(into / "tmp", ignore_errors=True)
    return {"rows": tables["annotations"]["rows"], "markets": len(markets), "folder": folder}


def repeated(table: str, files: str, market: str | None, copy: int, times: int, where: str = "") -> str:
    """A query: the rows of some files, `times` times under other ids, as another market."""
    mark = f"printf('-%02d%03d', {copy}, k)"
    there = duckdb.sql(f"SELECT * FROM read_parquet('{files}', hive_partitioning = false) LIMIT 0").columns
    changed = [f"{column} || {mark} AS {column}" for column in IDS.get(table, []) if column in there]
    changed += [f"'{market}' AS market"] if market and "market" in there else []
    again = times if table in IDS else 1
    return (f"SELECT t.* REPLACE ({', '.join(changed)}) FROM read_parquet('{files}', hive_partitioning = false) t, range({again}) r(k) {where}"
            if changed else f"SELECT * FROM read_parquet('{files}')")  # fmt: skip


def single(connection, path: Path, target: Path, bases: list[str], copies: int, times: int) -> None:
    """A table that lies in one file: market by market, as an ingest orders it."""
    table, writer = path.stem, None
    columns = parquet.read_schema(path).names
    if table not in IDS and "market" not in columns:
        shutil.copy(path, target)
        return
    for base in bases if "market" in columns else [None]:
        for copy in range(copies):
            where = f"WHERE t.market = '{base}'" if base else ""
            query = repeated(table, str(path), base and f"{base}-{copy + 1:02}", copy, times, where)
            for batch in connection.sql(query).to_arrow_reader(GROUP):
                writer = writer or parquet.ParquetWriter(target, batch.schema, compression="zstd", store_schema=False)
                writer.write_batch(batch, row_group_size=GROUP)
    writer.close()


RESTATED = {"annotations": "coalesce(t.handle_seconds, 0) + 1 AS handle_seconds", "items": "t.content_ref || '!' AS content_ref"}
"""What a second delivery says otherwise, of a third of these rows."""


def deliver(demo: Path, into: Path, times: int, second: bool = False) -> None:
    """The demo's delivery as CSV, every row `times` times under other ids; `second` has a third of the first one's rows as they
    were, a third that say something else, and as many new ones."""
    into.mkdir(parents=True)
    connection = duckdb.connect()
    connection.execute(f"SET threads = 1; SET memory_limit = '1GB'; SET temp_directory = '{into}/tmp'; SET TimeZone = 'UTC'")
    for path in sorted(demo.glob("*.parquet")):
        rows = repeated(path.stem, str(path), None, 0, times)
        if second and path.stem in IDS:
            old = 2 * times // 3
            new = repeated(path.stem, str(path), None, 1, times - old)
            rows = f"({rows} WHERE k < {old} AND k % 2 = 1) UNION ALL ({new}) UNION ALL ({rows} WHERE k < {old} AND k % 2 = 0)"
            if changed := RESTATED.get(path.stem):
                head, tail = rows.rsplit("SELECT t.* REPLACE (", 1)
                rows = f"{head}SELECT t.* REPLACE ({changed}, {tail}"
        connection.execute(f"COPY ({rows}) TO '{into}/{path.stem}.csv' (HEADER)")
    shutil.rmtree(into / "tmp", ignore_errors=True)


INGEST = "import sys; from labelqa_lib import cli, intake; intake.MEMORY = sys.argv.pop(1) or intake.MEMORY; sys.exit(cli.main(sys.argv[1:]))"


def taken_in(delivery: Path, data: Path, folder: Path, engine: str = "") -> None:
    """An ingest of it as a process of its own, with an engine of so much memory (as it is, when empty)."""
    size = sum(file.stat().st_size for file in delivery.glob("*.csv"))
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", INGEST, engine, "ingest", str(delivery), "--data", str(data)]
    process = subprocess.Popen(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True)
    with Peak(process.pid, kernels=False) as peak:
        out, _ = process.communicate()
    if process.returncode:
        sys.exit(out)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    told = json.loads((data / (data / "CURRENT").read_text().strip() / "snapshot.json").read_text())["tables"]
    rows, restated = (sum(table[name] for table in told.values()) for name in ("delivered", "restated"))
    print(f"| {size / 1e9:.1f} | {rows:,} | {restated:,} | {time.perf_counter() - started:,.0f} | {cpu:,.0f} | {rows / cpu:,.0f} | "
          f"{peak.own / 2**20:,.0f} | {peak.resident / 2**20:,.0f} |", flush=True)  # fmt: skip


class Peak:
    """The most memory that a run's kernels, or a command itself, held: looked at twice a second, of their own (USS) where
    all that is resident has grown since; and what they read."""

    def __init__(self, process: int, kernels: bool):
        self.process, self.kernels, self.over = process, kernels, threading.Event()
        self.own = self.resident = self.read = 0
        self.thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def _look(self):
        while not self.over.wait(0.5):
            try:
                for one in self._watched():
                    held = one.memory_info().rss
                    if held > 1.02 * self.resident:  # own memory takes a walk over every page, which stops the process
                        self.own = max(self.own, one.memory_full_info().uss)
                    self.resident = max(self.resident, held)
                    self.read = max(self.read, one.io_counters().read_chars)
            except psutil.NoSuchProcess:
                continue

    def _watched(self) -> list[psutil.Process]:
        """The command itself, or the kernels below it: the children of the server that forks them."""
        process = psutil.Process(self.process)
        below = process.children(recursive=True) if self.kernels else []
        servers = {one.pid for one in below if "forkserver" in " ".join(one.cmdline())}
        return [one for one in below if one.ppid() in servers] if self.kernels else [process]


def below(*paths: Path) -> int:
    return sum(file.stat().st_size for path in paths for file in ([path] if path.is_file() else path.rglob("*.parquet")))


def page(folder: Path, snapshot: Path, notebook: str, market: str | None) -> None:
    """One page by the runner, of a market or over all."""
    for name in ("params", "notebooks"):
        if not (folder / name).exists():
            (folder / name).symlink_to(ROOT / name)
    about = ["--market", market] if market else []
    command = [sys.executable, "-m", "labelqa_lib.cli", "run", *about, "--notebook", notebook, "--jobs", "1", "--force",
               "--data", str(snapshot.parent)]  # fmt: skip
    process = subprocess.Popen(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True)
    with Peak(process.pid, kernels=True) as peak:
        out, _ = process.communicate()
    if process.returncode:
        sys.exit(out)
    told = json.loads(max(folder.glob("reports/internal/*/run.json")).read_text())["pages"]
    made = next(one for one in told if one["status"] == "rendered")
    own = below(*(snapshot / table / (f"market={market}" if market else "") for table in ("annotations", "audits")))
    print(f"| {notebook} of {market or 'all'} | {made['seconds']:.0f} | {made['cpu']:.1f} | {peak.own / 2**20:,.0f} | {made['memory'] / 2**20:,.0f} | "
          f"{peak.read / 2**20:,.0f} | {own / 2**20:,.0f} | {below(snapshot) / 2**20:,.0f} |", flush=True)  # fmt: skip


def main() -> None:
    """Print tables in Markdown, to be copied into docs/performance.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=5, help="markets for each of the demo's six")
    parser.add_argument("--times", type=int, default=20, help="repetitions of every row")
    parser.add_argument("--demo", type=Path, help="folder of snapshots of the demo (default: data/snapshots)", default=ROOT / "data" / "snapshots")
    parser.add_argument("--delivered", type=Path, help="the demo's delivery (default: data/demo)", default=ROOT / "data" / "demo")
    parser.add_argument("--folder", type=Path, default=Path("/tmp/labelqa-scale"))
    parser.add_argument("--keep", action="store_true", help="leave the data there, for the next call")
    parser.add_argument("--only", choices=["page", "overview", "ingest"])
    parser.add_argument("--market", default="MY-01")
    parser.add_argument("--delivery", type=int, default=42, help="repetitions of every row of the delivery: 42 are 10 GB")
    parser.add_argument("--onto", action="store_true", help="then take in a second one as large, of which a third restates the first")
    parser.add_argument("--engine", default="", help="memory of the engine at ingest, such as 200MB, where not intake's own")
    asked = parser.parse_args()
    print(machine.described())
    into = asked.folder / "snapshots"
    try:
        if not into.exists() and asked.only != "ingest":
            started = time.process_time()
            demo = asked.demo / (asked.demo / "CURRENT").read_text().strip()
            made = generate(demo, into, asked.copies, asked.times)
            print(f"{made['rows']:,} annotations in {made['markets']} markets, {below(made['folder']) / 2**20:,.0f} MiB of Parquet; made in "
                  f"{time.process_time() - started:.0f} CPU s", flush=True)  # fmt: skip
        if asked.only != "ingest":
            snapshot = into / (into / "CURRENT").read_text().strip()
            print("\n| page | wall s | CPU s | own memory, MiB | resident, MiB | read, MiB | its partitions, MiB | snapshot, MiB |")
            print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
            if asked.only != "overview":
                page(asked.folder, snapshot, "market_report", asked.market)
            if asked.only != "page":
                page(asked.folder, snapshot, "overview", None)
        if asked.only in (None, "ingest"):
            deliver(asked.delivered, asked.folder / "delivery", asked.delivery)
            print("\n| delivery, GB | rows | restated | wall s | CPU s | rows a CPU s | own memory, MiB | resident, MiB |")
            print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
            taken_in(asked.folder / "delivery", asked.folder / "taken in", ROOT, asked.engine)
            if asked.onto:
                shutil.rmtree(asked.folder / "delivery")
                deliver(asked.delivered, asked.folder / "onto", asked.delivery, second=True)
                taken_in(asked.folder / "onto", asked.folder / "taken in", ROOT, asked.engine)
    finally:
        if not asked.keep:
            shutil.rmtree(asked.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
