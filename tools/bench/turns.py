"""Rounds of turns: every candidate once a round, so that what else the machine does falls on all alike."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from tools.bench.process import ContenderError
from tools.bench.records import Sample

Name = TypeVar("Name")
SPREAD = ("median_ms", "p95_ms", "p99_ms", "mean_ms", "cpu_ms", "rss_mib", "start_s")


def in_turns(
    candidates: Mapping[Name, Callable[[], Sample]], rounds: int, tell: Callable[[str], None]
) -> tuple[dict[Name, Sample], dict[Name, str]]:
    """The middle of the rounds for each candidate, and the reasons of those that gave nothing; these are not tried
    again."""
    found: dict[Name, list[Sample]] = {name: [] for name in candidates}
    failed: dict[Name, str] = {}
    for number in range(rounds):
        for name, candidate in candidates.items():
            if name in failed:
                continue
            try:
                sample = candidate()
            except ContenderError as error:
                failed[name] = str(error)
                tell(f"  {name}: left out, {error}")
                continue
            found[name].append(sample)
            tell(f"  {number + 1}/{rounds} {name}: {sample.median_ms:.2f} ms, CPU {sample.cpu_ms:.2f}")
    return {name: middle(samples) for name, samples in found.items() if samples and name not in failed}, failed


def middle(samples: Sequence[Sample]) -> Sample:
    """Each figure's median over the rounds; what is no spread is the last round's."""
    medians = {name: statistics.median(getattr(one, name) for one in samples) for name in SPREAD}
    stages = {name: statistics.median(one.stages[name] for one in samples) for name in samples[-1].stages or {}}  # type: ignore[index]
    return msgspec.structs.replace(samples[-1], **medians, stages=stages or None)
