"""A batch against a plain loop over the same archive, two workers killed meanwhile: `python -m tools.bench.batch`.

Makes an archive of phantoms, measures it in a plain loop without any cluster, with one worker, with two, and with two
of which as many are killed as are asked for, at moments drawn at random. Prints recordings a second, and whether each
of these led to the loop's results, none twice and none missing.
"""

import argparse
import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
from distributed import Client

from edge.app.batch import BatchOptions, jobs_of, measure_all, planned
from edge.app.remeasure import Job, Plan, remeasured
from edge.batch.archive import find_recordings
from edge.batch.cluster import Cluster, local_cluster
from edge.batch.results import FRAMES, RECORDINGS, Results
from edge.task.spec import TaskSpec
from edge.task.table import task_spec, task_specs
from tools.bench.phantom_archive import make_archive

OF_THE_MOMENT = ("took_s", "measured_at", "host")
"""Columns that say when and where, and may differ."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to measure the archive."""

    name: str
    seconds: float
    """Without the workers' start."""
    start_s: float
    killed: int
    problem: str
    """In what its results differ from the plain loop's; empty: in nothing."""


@dataclass(frozen=True, slots=True)
class Bench:
    """An archive, and how it is measured."""

    spec: TaskSpec
    folder: Path
    given: dict[str, Any]

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    def plan(self) -> Plan:
        return planned(self.spec, self.archive, BatchOptions(self.archive, self.folder / "none"), self.given)

    def jobs(self, results: Results, plan: Plan) -> list[Job]:
        return list(jobs_of(plan, find_recordings(self.archive), results, check_content=False))

    def plain_loop(self) -> tuple[Way, dict[str, Any]]:
        """One recording after the other in this process, the model opened once."""
        plan = self.plan()
        with Results(self.folder / "plain", plan.about, self.spec.terms) as results:
            jobs = self.jobs(results, plan)
            remeasured(jobs[0])  # opens the model, as starting the workers does
            began_s = time.perf_counter()
            results.write([found for job in jobs if (found := remeasured(job)) is not None])
            seconds = time.perf_counter() - began_s
        return Way("plain loop", seconds, 0.0, 0, ""), contents(self.folder / "plain")

    def on_workers(self, expected: dict[str, Any], workers: int, kills: int = 0, seed: int = 1) -> Way:
        """On processes of their own, `kills` of which are killed after answers drawn at random."""
        name = f"workers-{workers}-kills-{kills}"
        plan = self.plan()
        began_s = time.perf_counter()
        with local_cluster(workers) as cluster, Results(self.folder / name, plan.about, self.spec.terms) as results:
            jobs = self.jobs(results, plan)
            _ready(cluster, workers, jobs)
            started_s = time.perf_counter()
            killer = Killer(cluster, random.Random(seed), len(jobs), kills)
            measure_all(cluster, jobs, results, killer)
            seconds = time.perf_counter() - started_s
        label = f"{workers} worker" + ("s" if workers > 1 else "") + (f", {kills} killed" if kills else "")
        problem = difference(expected, contents(self.folder / name))
        return Way(label, seconds, started_s - began_s, killer.killed, problem)


class Killer:
    """Kills a worker drawn at random after each of a few answers drawn at random; never stops the batch."""

    def __init__(self, cluster: Cluster[Any, Any], rng: random.Random, answers: int, kills: int) -> None:
        self._cluster, self._rng = cluster, rng
        self._moments = set(rng.sample(range(1, max(2, answers - 8)), kills))
        self._seen = 0
        self.killed = 0

    def __call__(self) -> bool:
        self._seen += 1
        if self._seen in self._moments:
            with Client(self._cluster.address, set_as_default=False) as client:
                os.kill(self._rng.choice(sorted(client.run(os.getpid).values())), signal.SIGKILL)
            self.killed += 1
        return False


def _ready(cluster: Cluster[Any, Any], workers: int, jobs: Sequence[Job]) -> None:
    """Each worker has opened the model."""
    with Client(cluster.address, set_as_default=False) as client:
        client.wait_for_workers(workers)
        client.run(remeasured, jobs[0])


def contents(out: Path) -> dict[str, Any]:
    """Both tables' rows, sorted, without the moment's columns."""
    found = {}
    for table in (RECORDINGS, FRAMES):
        rows = ds.dataset(out / table, format="parquet").to_table().to_pylist()
        kept = [{name: cell for name, cell in row.items() if name not in OF_THE_MOMENT} for row in rows]
        found[table] = sorted(kept, key=lambda row: (row["recording"], row.get("sequence", 0)))
    return found


def difference(expected: dict[str, Any], found: dict[str, Any]) -> str:
    wanted, there = (Counter(row["recording"] for row in told[RECORDINGS]) for told in (expected, found))
    twice = [name for name, number in there.items() if number > 1]
    missing = wanted.keys() - there.keys()
    other = [a["recording"] for a, b in zip(expected[RECORDINGS], found[RECORDINGS], strict=False) if a != b]
    said = [(twice, "twice"), (missing, "missing"), (other, "with another row")]
    problems = [f"{len(names)} {what}" for names, what in said if names]
    if expected[FRAMES] != found[FRAMES]:
        problems.append("frames differ")
    return ", ".join(problems)


def table_of(ways: Sequence[Way], recordings: int) -> str:
    """As Markdown."""
    plain_s = ways[0].seconds
    lines = ["| way | recordings/s | of the plain loop | start, s | killed | results |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {way.name} | {recordings / way.seconds:.1f} | {plain_s / way.seconds:.2f} | {way.start_s:.1f} | "
        f"{way.killed} | {way.problem or 'the same'} |"
        for way in ways
    ]
    return "\n".join(lines)


def main(tell: Callable[[str], None] = print) -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--task", default=task_specs()[0].name)
    asked.add_argument("--recordings", type=int, default=1000)
    asked.add_argument("--frames", type=int, default=4, help="of each recording")
    asked.add_argument("--runtime", default="auto")
    asked.add_argument("--kills", type=int, default=2)
    given = asked.parse_args()
    spec = task_spec(given.task)
    with tempfile.TemporaryDirectory() as folder:
        mm_per_px = make_archive(Path(folder) / "archive", spec.anatomies[0].name, given.recordings, given.frames)
        bench = Bench(spec, Path(folder), {"mm_per_px": mm_per_px, "runtime": given.runtime})
        plain, expected = bench.plain_loop()
        ways = [plain, *(bench.on_workers(expected, *how) for how in ((1, 0), (2, 0), (2, given.kills)))]
    tell(table_of(ways, given.recordings))


if __name__ == "__main__":
    main()
