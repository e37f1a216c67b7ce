"""A few of many that come one by one."""

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class EvenSample(Generic[T]):
    """A few of many, evenly spread, without knowing how many there will be.

    Keeps fewer than `most` of what comes, each so many apart; the distance doubles whenever there are too many.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._apart = 1
        self.seen = 0
        """How many came."""
        self.kept: list[T] = []

    def add(self, make: Callable[[], T]) -> None:
        """Takes the next one, made only where it is kept."""
        if self.seen % self._apart == 0:
            self.kept.append(make())
        self.seen += 1
        if len(self.kept) >= self._most:
            self.kept = self.kept[::2]
            self._apart *= 2

    def pick(self, count: int) -> list[T]:
        """At most `count`, evenly spread, the first and the last of them included."""
        last = len(self.kept) - 1
        if last < count:
            return list(self.kept)
        return [self.kept[round(number * last / (count - 1))] for number in range(count)]
