"""Metric frames of 30 markets × 26 weeks on 10 million annotations: the engine beside pandas, CPU seconds and memory.

Run by `make bench`, or alone: ``python tests/bench_frame.py --annotations 1000000``. The snapshot is simulated, kept for as
long as it runs, and deleted. Each side runs in a process of its own with one thread, reads the same Parquet files, and gives the
same metric frames, which are compared to 1e-9.

pandas reads only the columns that it needs, joins only what the metrics ask for, and sums with groupby; in a second line it
reads whole tables and joins annotations to their items first, as one does who explores. All end in the same bounds
(`metrics.frame`), so what is compared is reading, joining and summing. Imports are left out of seconds: a kernel has them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import duckdb
import machine
import pandas as pd

from labelqa_lib import intake, store
from labelqa_lib.intake.following import write_following
from labelqa_lib.metrics import REGISTRY, measure
from labelqa_lib.metrics.frame import mean_frame, rate_frame
from labelqa_lib.metrics.registry import ask
from labelqa_lib.periods import weeks_up_to

MARKETS, WEEKS = tuple(f"M{number:02}" for number in range(30)), weeks_up_to("2026-W46", 26)
RATES = ("accuracy", "critical_accuracy", "fpr", "fnr")
METRICS = (*RATES, "aht")
BY, KEYS = ["market", "week"], ["metric", "market", "period"]
SIDES = ("engine", "engine, two threads", "engine, a market at a time", "pandas", "pandas, whole tables")
RUNS = 3

ANNOTATIONS = """
SELECT printf('a%09d', i) annotation_id, printf('i%09d', i) item_id, 'M' || lpad((i % 30)::text, 2, '0') market,
    'label' || (hash(i, 1) % 8)::text AS label, TIMESTAMP '2026-05-25' + INTERVAL (i % 15724800) SECOND annotated_at, 'P' partner,
    'S' || (hash(i, 2) % 3)::text site, 'Q' || (hash(i, 3) % 4)::text queue, 'g' || (i % 30)::text || '-' || (hash(i, 4) % 70)::text AS agent_id,
    20.0::DOUBLE + hash(i, 5) % 200 AS handle_seconds, 'v1' sop_version, true blind, 'video' content_type, 'en' AS language,
    [{weeks}][1 + (hash(i, 6) % 26)::BIGINT] AS week, DATE '2026-05-25' local_date, (hash(i, 7) % 24)::BIGINT local_hour
FROM range({rows}) t(i)
"""
AUDITS = """
SELECT printf('u%09d-%d', i, tier) audit_id, annotation_id, tier, 'q' || (hash(i, 8) % 9)::text auditor_id,
    CASE WHEN hash(i, 9, tier) % 20 = 0 THEN 'label' || (hash(i, 10) % 8)::text ELSE label END audit_label, annotated_at audited_at,
    true blind, CASE WHEN hash(i, 11) % 2 = 0 THEN 'random' END sampling_reason, NULL::text stratum,
    CASE WHEN hash(i, 12) % 3 > 0 THEN 0.02 + (hash(i, 13) % 90) / 100 END inclusion_probability, NULL::text error_cause,
    NULL::text AS comment, market, week
FROM (SELECT *, annotation_id[2:]::BIGINT i FROM annotations WHERE hash(annotation_id) % 14 = 0), (VALUES (1::BIGINT), (2)) tiers(tier)
WHERE tier = 1 OR hash(i, 14) % 7 = 0
"""
OTHERS = {
    "labels": """SELECT 'label' || i::text AS label, 'area' policy_area, i > 3 violating, i > 6 critical, i AS "order", NULL::text title
                 FROM range(8) t(i)""",
    "items": """SELECT item_id, market, queue, 'area' policy_area, content_type, language, annotated_at arrived_at, label model_label,
                (hash(item_id) % 1000) / 1000 model_score, NULL::text content_ref FROM annotations ORDER BY market, item_id""",
    "appeals": """SELECT 'p' || annotation_id appeal_id, 'annotation' target, annotation_id target_id, 'customer' raised_by,
                  annotated_at raised_at, annotated_at resolved_at, 'overturned' outcome, 'label1' final_label, market, annotation_id,
                  week raised_week, week resolved_week FROM annotations WHERE hash(annotation_id, 1) % 150 = 0""",
}  # fmt: skip


def simulate(root: Path, rows: int) -> dict:
    """Write a snapshot of so many annotations, one in fourteen audited, one in a hundred of them twice; what it cost to derive
    from its tables what ingest derives, by the same code."""
    folder = root / "bench-1"
    folder.mkdir()
    quoted = ", ".join(f"'{week}'" for week in WEEKS)
    with duckdb.connect(config={"temp_directory": str(root / "spill"), "memory_limit": "4GB"}) as engine:
        engine.sql(f"CREATE TABLE annotations AS {ANNOTATIONS.format(rows=rows, weeks=quoted)}")
        engine.sql(f"CREATE TABLE audits AS {AUDITS}")
        for name in ("annotations", "audits"):
            engine.sql(f"""COPY (SELECT * FROM {name} ORDER BY market, week) TO '{folder / name}'
                (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (market, week), WRITE_PARTITION_COLUMNS true)""")
        for name, query in OTHERS.items():
            engine.sql(f"COPY ({query}) TO '{folder / name}.parquet' (FORMAT parquet, COMPRESSION zstd)")
    markets = {market: {"weeks": list(WEEKS), "time_zone": "UTC"} for market in MARKETS}
    told = {"id": "bench-1", "source": "bench", "made_at": "2026-11-20T00:00:00Z", "parent": None, "missing": [], "notes": []}
    partitions = {f"{market}/{week}": "" for market in MARKETS for week in WEEKS}
    with intake.workbench() as engine:
        cpu, wall = time.process_time(), time.perf_counter()
        told["derived"] = write_following(folder, partitions, None, None, engine)
        cost = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    told |= {"markets": markets, "partitions": partitions, "tables": {name: {} for name in ("annotations", "audits", *OTHERS)}}
    (folder / "snapshot.json").write_text(json.dumps(told))
    (root / "CURRENT").write_text("bench-1\n")
    return cost


def by_engine(root: Path, threads: int = 1) -> pd.DataFrame:
    """Every market in one question."""
    tables = store.open_tables(root, threads=threads)
    return pd.concat([measure(tables, name, BY) for name in METRICS])


def by_engine_market_by_market(root: Path) -> pd.DataFrame:
    """As the runner asks: a market's partitions alone."""
    frames = []
    for market in MARKETS:
        tables = store.open_tables(root, market)
        frames += [measure(tables, name, BY) for name in METRICS]
    return pd.concat(frames)


def by_pandas(root: Path, whole: bool = False) -> pd.DataFrame:
    """The same definitions, as one writes them in pandas; `whole`: with all columns, and annotations joined to their items."""
    folder = root / "bench-1"

    def read(name: str, *columns: str) -> pd.DataFrame:
        return pd.read_parquet(folder / name, columns=None if whole else [*columns], partitioning=None)

    rows = read("annotations", "annotation_id", "market", "week", "site", "agent_id", "label", "handle_seconds")
    if whole:
        rows = rows.merge(read("items.parquet"), on="item_id", how="left", suffixes=("", "_of_item"))
    audits = read("audits", "annotation_id", "audit_id", "tier", "audit_label", "audited_at", "sampling_reason", "inclusion_probability")
    labels = read("labels.parquet", "label", "violating", "critical").set_index("label")
    appeals = read("appeals.parquet", "annotation_id", "appeal_id", "resolved_at", "outcome", "final_label")
    timed = rows.groupby([*BY, "agent_id"], as_index=False).agg(total=("handle_seconds", "sum"), n=("handle_seconds", "count"))
    audits["drawn"] = audits["inclusion_probability"].notna() | (audits["sampling_reason"].fillna("random") == "random")
    first = audits[audits["tier"] == 1].sort_values(["drawn", "audited_at", "audit_id"], ascending=[False, True, True])
    first = first.drop_duplicates("annotation_id").set_index("annotation_id")
    second = audits[audits["tier"] == 2].sort_values(["audited_at", "audit_id"], ascending=[False, True])
    second = second.drop_duplicates("annotation_id").set_index("annotation_id")["audit_label"]
    last = appeals[appeals["outcome"].isin(["upheld", "overturned"]) & appeals["final_label"].notna()]
    last = last.sort_values(["resolved_at", "appeal_id"], ascending=[False, True]).drop_duplicates("annotation_id")
    size = rows.groupby(["market", "site", "week"]).size().rename("there")
    judged = rows.drop(columns="handle_seconds")[rows["annotation_id"].isin(first.index[first["drawn"]])]
    judged = judged.join(first[["audit_label", "inclusion_probability"]], "annotation_id").join(second.rename("second"), "annotation_id")
    judged = judged.join(last.set_index("annotation_id")["final_label"], "annotation_id").join(size, ["market", "site", "week"])
    plain = judged["inclusion_probability"].isna()
    share = judged["there"] / plain.groupby([judged[name] for name in ("market", "site", "week")]).transform("sum")
    weight = share.where(plain, 1 / judged["inclusion_probability"])
    reference = judged["final_label"].fillna(judged["second"]).fillna(judged["audit_label"])
    wrong = judged["label"] != reference
    of = {side: {name: values.map(labels[name]) for name in ("violating", "critical")}
          for side, values in (("given", judged["label"]), ("reference", reference))}  # fmt: skip
    every = pd.Series(True, index=judged.index)
    critical = wrong & (of["given"]["critical"] | of["reference"]["critical"])
    violating, enforced = of["reference"]["violating"], of["given"]["violating"]
    asks = {"accuracy": (~wrong, every), "critical_accuracy": (~critical, every), "fpr": (enforced, ~violating),
            "fnr": (~enforced, violating)}  # fmt: skip
    frames = []
    for name, (hit, counted) in asks.items():
        weighed = weight.where(counted, 0.0)
        sums = judged[[*BY, "agent_id"]].assign(
            weight=weighed, weight_squared=weighed * weighed, outcome=weighed.where(hit, 0.0), n=counted.astype("int64")
        )
        cells = sums.groupby([*BY, "agent_id"], as_index=False).sum().rename(columns={"agent_id": "_cluster"})
        frames.append(rate_frame(cells, _asked(root, name), "judged", "pandas"))
    cells = timed.assign(size=timed["n"].astype(float), _cluster=timed["agent_id"])
    return pd.concat([*frames, mean_frame(cells, _asked(root, "aht"), "timed", "pandas")])


def _asked(root: Path, name: str):
    about = store.describe(root)
    tables = type("Weeks", (), {"weeks": about.weeks()})
    return ask(tables, REGISTRY[name], BY, None, 0.95)


def one(side: str, root: Path, out: Path) -> None:
    """Run a side in this process; its frame to a file, its costs to stdout."""
    ways = (by_engine, partial(by_engine, threads=2), by_engine_market_by_market, by_pandas, partial(by_pandas, whole=True))
    cpu, wall = time.process_time(), time.perf_counter()
    frame = dict(zip(SIDES, ways, strict=True))[side](root)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    frame.sort_values(KEYS).to_pickle(out)
    print(json.dumps({"cpu": cpu, "wall": wall, "memory": peak()}))


def peak() -> float:
    """The most that this process had in memory, MiB. (`ru_maxrss` begins with what its parent had.)"""
    told = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in told if line.startswith("VmHWM"))


def nothing() -> dict:
    """What a process costs that has imported the same and does nothing."""
    return _cost("from bench_frame import *; print(json.dumps({'cpu': time.process_time(), 'memory': peak()}))")


def _cost(code: str) -> dict:
    here = Path(__file__).resolve().parent
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_IO_THREADS"), "1")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=here.parent, env={**os.environ, **threads, "PYTHONPATH": str(here)},
                          stdout=subprocess.PIPE, check=True, text=True)  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Print a table in Markdown, to be copied into docs/performance.md."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--annotations", type=int, default=10_000_000)
    options.add_argument("--runs", type=int, default=RUNS)
    options.add_argument("--folder", type=Path, help="where the snapshot goes (default: a temporary folder)")
    options.add_argument("--whole", action="store_true", help="once with pandas reading whole tables, too: 7 GiB for 10 million")
    told = options.parse_args()
    sides = SIDES if told.whole else SIDES[:-1]
    with tempfile.TemporaryDirectory(dir=told.folder) as temporary:
        root = Path(temporary)
        derived = simulate(root, told.annotations)
        base, runs, frames = nothing(), {side: [] for side in sides}, {}
        for number in range(told.runs):  # in turn: what else the machine does then meets all of them
            for side in sides if number == 0 else SIDES[:-1]:
                call = f"one({side!r}, Path({temporary!r}), Path({temporary!r}) / 'frame')"
                runs[side].append(_cost(f"from pathlib import Path; from bench_frame import one; {call}"))
                frames[side] = pd.read_pickle(root / "frame").reset_index(drop=True)
    costs = {side: {name: statistics.median(run[name] for run in of) for name in of[0]} for side, of in runs.items()}
    numbers, pandas = ["estimate", "ci_low", "ci_high", "n", "n_effective"], costs["pandas"]
    for side in sides:
        pd.testing.assert_frame_equal(*(told.astype(dict.fromkeys(KEYS, "object"))[[*KEYS, *numbers]]
                                        for told in (frames[side], frames["pandas"])), rtol=1e-9, check_column_type=False)  # fmt: skip
    print(f"{told.annotations:,} annotations, {len(MARKETS)} markets × {len(WEEKS)} weeks, {len(METRICS)} metrics; {machine.described()}, "
          f"medians of {told.runs}; imports alone: {base['cpu']:.1f} CPU s, "
          f"{base['memory']:.0f} MiB\n")  # fmt: skip
    print(f"Deriving at ingest what is asked of all markets: {derived['cpu']:.1f} CPU s, {derived['wall']:.1f} s wall, "
          f"{told.annotations / derived['wall']:,.0f} annotations a second\n")  # fmt: skip
    print("| side | CPU s | wall s | peak MiB | CPU beside pandas | wall beside pandas | memory beside pandas |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for side, cost in costs.items():
        cpu, wall, memory = (pandas[name] / cost[name] for name in ("cpu", "wall", "memory"))
        print(f"| {side} | {cost['cpu']:.1f} | {cost['wall']:.1f} | {cost['memory']:,.0f} | {cpu:.1f} × | {wall:.1f} × | 1/{memory:.1f} |")


if __name__ == "__main__":
    main()
