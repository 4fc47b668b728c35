"""Agreement and consensus of 1,000,000 annotations by 2,000 agents, against the packages: CPU seconds and memory.

    python tests/bench_agreement.py [PACKAGES]

PACKAGES is a Python that has `krippendorff` and `crowd-kit`, which are no requirements of this project (GPL; heavy);
without it only our own figures are shown. CPU seconds, because wall time on a busy machine says little; every figure
is of a process of its own, which starts from the same table.
"""

from __future__ import annotations

import json
import subprocess
import sys

ANNOTATIONS, AGENTS, LABELS = 1_000_000, 2_000, 5

_TABLE = f"""
import json, resource, time
import numpy as np, pandas as pd
rng = np.random.default_rng(0)
n, agents, labels = {ANNOTATIONS}, {AGENTS}, {LABELS}
item = rng.integers(ITEMS, size=n)
agent = rng.integers(agents, size=n)
truth = rng.integers(labels, size=ITEMS)
right = rng.random(n) < rng.uniform(.6, .95, agents)[agent]
label = np.where(right, truth[item], rng.integers(labels, size=n))
rows = pd.DataFrame({{"item_id": item.astype(str), "agent_id": agent.astype(str), "label": np.array(list("abcde"))[label]}})
del item, agent, truth, right, label
def told(work):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, wall = time.process_time(), time.perf_counter()
    value = work()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps([time.process_time() - started, time.perf_counter() - wall, (after - before) / 1024, value]))
"""

_OURS_ALPHA = """
from labelqa_lib.stats import agreement
agreement.krippendorff_alpha(rows.head(1000))
told(lambda: agreement.krippendorff_alpha(rows).estimate)
"""
# what the package asks for: one row per agent, one column per item
_KRIPPENDORFF = """
import krippendorff
def work():
    code = [pd.factorize(rows[name])[0] for name in ("agent_id", "item_id", "label")]
    table = np.full((code[0].max() + 1, code[1].max() + 1), np.nan, dtype=np.float32)
    table[code[0], code[1]] = code[2]
    return float(krippendorff.alpha(reliability_data=table, level_of_measurement="nominal"))
told(work)
"""
_OURS_CONSENSUS = """
from labelqa_lib.stats import consensus
consensus.dawid_skene(rows.head(1000))
told(lambda: consensus.dawid_skene(rows, iterations=10, tolerance=-1).iterations)
"""
_CROWDKIT = """
from crowdkit.aggregation import DawidSkene
table = rows.rename(columns={"item_id": "task", "agent_id": "worker"})
told(lambda: len(DawidSkene(n_iter=10, tol=-1).fit(table).loss_history_))
"""


def measured(python: str, work: str, items: int) -> tuple[float, float, float, float]:
    """CPU seconds, wall seconds, growth of memory in MiB, and what came out."""
    code = _TABLE.replace("ITEMS", str(items)) + work
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return tuple(json.loads(done.stdout.splitlines()[-1]))


def main(packages: str | None = None) -> None:
    """Print one line per task; ratios are theirs / ours in CPU seconds."""
    print(f"{ANNOTATIONS:,} annotations, {AGENTS:,} agents, {LABELS} labels")
    print(f"{'task':<44}{'CPU s':>8}{'wall s':>8}{'MiB':>8}{'ratio':>8}")
    for task, items, ours, theirs in (
        ("alpha, 100,000 items", 100_000, _OURS_ALPHA, _KRIPPENDORFF),
        ("Dawid–Skene, 10 steps, 100,000 items", 100_000, _OURS_CONSENSUS, _CROWDKIT),
        ("Dawid–Skene, 10 steps, 333,000 items", 333_000, _OURS_CONSENSUS, None),
    ):
        cpu, wall, memory, _ = measured(sys.executable, ours, items)
        print(f"{task:<44}{cpu:>8.2f}{wall:>8.2f}{memory:>8.0f}")
        if packages and theirs:
            other, other_wall, other_memory, _ = measured(packages, theirs, items)
            print(f"{'  by the package':<44}{other:>8.2f}{other_wall:>8.2f}{other_memory:>8.0f}{other / cpu:>8.1f}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
