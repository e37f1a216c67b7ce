"""A few of many, evenly spread, without knowing how many there will be."""

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class EvenSample(Generic[T]):
    """Keeps fewer than `most` of what comes, each so many apart; the distance doubles whenever there are too many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._apart = 1
        self._seen = 0
        self._kept: list[T] = []

    def add(self, make: Callable[[], T]) -> None:
        """Takes the next one, made only where it is kept."""
        if self._seen % self._apart == 0:
            self._kept.append(make())
        self._seen += 1
        if len(self._kept) >= self._most:
            self._kept = self._kept[::2]
            self._apart *= 2

    def pick(self, count: int) -> list[T]:
        """At most `count`, evenly spread, the first and the last of them included."""
        last = len(self._kept) - 1
        if last < count:
            return list(self._kept)
        return [self._kept[round(number * last / (count - 1))] for number in range(count)]
