"""The letter box between the capture thread and the loop: one item, the newest."""

import threading
from typing import Generic, TypeVar

Item = TypeVar("Item")


class MailboxClosedError(Exception):
    """Nothing more will come: the box was closed and is empty."""


class Mailbox(Generic[Item]):
    """Holds one item. `newest_only`: a new item replaces the old one, counted in `dropped`; otherwise `put` waits.

    A live source must never wait for a slow loop, so its frames are replaced; a recording must be read whole, so its
    reader waits.
    """

    def __init__(self, newest_only: bool) -> None:
        self._newest_only = newest_only
        self._changed = threading.Condition()
        self._items: list[Item] = []
        self._closed = False
        self._error: BaseException | None = None
        self.dropped = 0

    def put(self, item: Item, *, spare: bool = False) -> bool:
        """Leaves `item`; a `spare` one only in an empty box. False: the box is closed and the item was not taken in."""
        with self._changed:
            if not self._newest_only:
                self._changed.wait_for(lambda: self._closed or not self._items)
            if self._closed:
                return False
            if spare and self._items:
                return True
            self.dropped += len(self._items)
            self._items = [item]
            self._changed.notify_all()
            return True

    def wait_for_room(self) -> bool:
        """Waits until it is empty. False: the box is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._items)
            return not self._closed

    def take(self, timeout_s: float) -> Item | None:
        """The item, or None where none came in time.

        Raises the error that the box was closed with, or MailboxClosedError; an item left before that is given first.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or bool(self._items), timeout_s)
            if self._items:
                self._changed.notify_all()
                return self._items.pop()
            if self._error is not None:
                raise self._error
            if self._closed:
                raise MailboxClosedError
            return None

    def close(self, error: BaseException | None = None) -> None:
        """Wakes both sides. The first error given is the one that `take` raises."""
        with self._changed:
            self._closed = True
            self._error = self._error or error
            self._changed.notify_all()
