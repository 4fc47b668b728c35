"""How well causes are found, by kind of incident, beside methods in use: `make bench-causes`.

`--cases` simulated incidents a kind (those that a scan can see at all are scored), `--real` a folder in the format of
root_cause_rs. Beside the search: the largest increase of one slice's errors, Adtributor (Bhagwan et al. 2014, NSDI) and
wise-pizza where it is installed (a benchmark environment of its own; it is no requirement).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

sys.path.insert(0, str(Path(__file__).parent / "statistics"))
from simulated_incidents import KINDS, Incident, exact, f1, incident  # noqa: E402

from labelqa_lib import causes  # noqa: E402

Segments = list[dict[str, list]]


def searched(case: Incident) -> Segments:
    weight = "weight" if "weight" in case.current else None
    found = causes.explain_change(case.baseline, case.current, case.dimensions, weight=weight)
    return [cause.segment for cause in found]


def largest_increase(case: Incident) -> Segments:
    """The slice of up to three dimensions whose errors grew most beyond its own rate; nobody asks about chance."""
    best, most = {}, 0.0
    for size in (1, 2, 3):
        for names in map(list, combinations(case.dimensions, size)):
            then = case.baseline.groupby(names, observed=True)["is_error"].mean()
            now = case.current.groupby(names, observed=True)["is_error"].agg(["sum", "size"])
            grown = now["sum"] - now["size"] * then.reindex(now.index).fillna(case.baseline["is_error"].mean())
            if grown.max() > most:
                key, most = grown.idxmax(), grown.max()
                best = dict(zip(names, ([value] for value in (key if size > 1 else (key,))), strict=True))
    return [best] if best else []


def adtributor(case: Incident, one: float = 0.1, together: float = 0.67) -> Segments:
    """Values of one dimension, for the derived measure errors / rows; reference 6.4."""
    best, most = {}, 0.0
    scale = len(case.current) / len(case.baseline)
    for name in case.dimensions:
        then = case.baseline.groupby(name)["is_error"].agg(["sum", "size"]) * scale
        now = case.current.groupby(name)["is_error"].agg(["sum", "size"])
        both = then.join(now, how="outer", suffixes=("0", "1")).fillna(0.0)
        errors, rows = both["sum0"].sum(), both["size0"].sum()
        power = (both["sum1"] - both["sum0"]) * rows - (both["size1"] - both["size0"]) * errors
        power = power / (rows * (rows + both["size1"] - both["size0"]))
        power = power / power.sum() if power.sum() else power
        p, q = both["sum0"] / max(errors, 1), both["sum1"] / max(both["sum1"].sum(), 1)
        middle = (p + q) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            surprise = (np.where(p > 0, p * np.log(p / middle), 0) + np.where(q > 0, q * np.log(q / middle), 0)) / 2
        order = np.argsort(-surprise)
        chosen = [place for place in order if power.iloc[place] > one]
        reached = np.cumsum(power.iloc[chosen])
        number = int(np.searchsorted(reached, together)) + 1
        if len(chosen) and reached.max() >= together and surprise[chosen[:number]].sum() > most:
            most = surprise[chosen[:number]].sum()
            best = {name: [both.index[place] for place in chosen[:number]]}
    return [best] if best else []


def wise_pizza(case: Incident) -> Segments:
    from wise_pizza import explain_changes_in_average

    sides = [
        frame.groupby(case.dimensions, as_index=False).agg(total=("is_error", "sum"), size=("is_error", "size"))
        for frame in (case.baseline, case.current)
    ]
    told = explain_changes_in_average(
        *sides, dims=case.dimensions, total_name="total", size_name="size", max_segments=3, max_depth=3
    )
    return [{name: [value] for name, value in one["segment"].items()} for one in told.segments if one["impact"] > 0]


def methods() -> dict[str, Callable[[Incident], Segments]]:
    known = {"causes": searched, "largest increase": largest_increase, "Adtributor": adtributor}
    try:
        import wise_pizza as _  # noqa: F401
    except ImportError:
        return known
    return {**known, "wise-pizza": wise_pizza}


def simulated(cases: int, seed: int, kinds: Sequence[str]) -> pd.DataFrame:
    rows = []
    for kind in kinds:
        for case in range(cases):
            made = incident(kind, np.random.default_rng([seed, KINDS.index(kind), case]))
            if made.truth and not made.detectable:
                continue
            for method, explain in methods().items():
                started = time.process_time()
                got = explain(made)
                rows.append(
                    {
                        "kind": kind,
                        "method": method,
                        "found": float(bool(got)),
                        "f1": f1(made.current, got, made.truth) if made.truth else np.nan,
                        "first": float(bool(got) and exact(got[0], made.truth)) if made.truth else np.nan,
                        "seconds": time.process_time() - started,
                    }
                )
    return pd.DataFrame(rows)


def real(folder: Path) -> str:
    """Exact F1 of the one reported cause, and whether a true one is it or among its two alternatives."""
    right = wrong = missed = three = 0
    answers = yaml.safe_load((folder / "answers.yaml").read_text(encoding="utf-8"))
    for answer in answers:
        table = pd.read_csv(folder / "cases" / f"{answer['case']}.csv.gz", dtype=str)
        table = table.astype({"minute": int, "stalling": float, "viewers": float})
        dimensions = [name for name in table if name not in ("minute", "stalling", "viewers")]
        before, after = table[table["minute"] < 0], table[table["minute"] == 0]
        got = causes.explain_change(before, after, dimensions, outcome="stalling", trials="viewers")
        truth = [{name: [value] for name, value in cause.items()} for cause in answer["causes"]]
        hit = bool(got) and exact(got[0].segment, truth)
        right, wrong, missed = right + hit, wrong + (bool(got) and not hit), missed + len(truth) - hit
        three += any(exact(one, truth) for cause in got[:1] for one in (cause.segment, *cause.alternatives))
    score = 2 * right / (2 * right + wrong + missed)
    return f"{len(answers)} real incidents: exact F1 {score:.3f}, top 3 {three / len(answers):.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20, help="incidents a kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="*", default=KINDS, choices=KINDS)
    parser.add_argument("--real", type=Path, help="a folder in the format of root_cause_rs")
    asked = parser.parse_args()
    if asked.real:
        print(real(asked.real))
    if asked.cases:
        table = simulated(asked.cases, asked.seed, asked.kinds)
        table["cases"] = 1
        how = {"cases": "sum", "found": "mean", "f1": "mean", "first": "mean", "seconds": "median"}
        print("found: anything reported (null and mix: a false alarm); f1: rows; first: the first cause is exact")
        print(table.groupby(["kind", "method"], sort=False).agg(how).round(3).to_string())
        print(table[table["f1"].notna()].groupby("method", sort=False).agg(how).round(3).to_string())


if __name__ == "__main__":
    main()
