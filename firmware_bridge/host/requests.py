"""Commands on their way to the probe, and who waits for their replies. No clock, no thread."""

from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from firmware_bridge.line.codec import encode
from firmware_bridge.line.packing import Command, Message

_TAGS: Final = 256
"""A tag is one byte; 0 is none."""

Answer = Future[Message]
"""Ends with the reply, or with an error of firmware_bridge."""


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A command and who waits for its reply."""

    name: str
    body: bytes
    sent_ns: int
    deadline_ns: int
    answer: Answer

    def tagged(self, tag: int) -> bytes:
        """The body with its tag, which follows the message number in all commands."""
        return bytes((self.body[0], tag)) + self.body[2:]


class Requests:
    """Gives out tags, and finds the request to a reply's tag.

    A tag whose request was given up is not used again before its late reply has come, so no reply meets the wrong
    request: the probe replies to each command once, in order.
    """

    def __init__(self) -> None:
        self._waiting: deque[Request] = deque()
        self._sent: dict[int, Request] = {}
        self._given_up: set[int] = set()
        self._last_tag = 0

    def add(self, command: Command, now_ns: int, deadline_ns: int) -> Answer:
        """Take a command. Raises MalformedMessageError where it does not fit a frame."""
        answer: Answer = Future()
        answer.set_running_or_notify_cancel()
        self._waiting.append(Request(type(command).__name__, encode(command), now_ns, deadline_ns, answer))
        return answer

    def next_body(self) -> bytes:
        """The next command for the line, tagged; empty: there is none, or no tag is free."""
        tag = self._free_tag()
        if not self._waiting or not tag:
            return b""
        self._last_tag = tag
        self._sent[tag] = self._waiting.popleft()
        return self._sent[tag].tagged(tag)

    def take(self, tag: int) -> Request | None:
        """Who waits for this reply; None: nobody does, the reply is stale."""
        self._given_up.discard(tag)
        return self._sent.pop(tag, None)

    def take_overdue(self, now_ns: int) -> list[Request]:
        """Those whose time is over; they are given up."""
        tags = [tag for tag, request in self._sent.items() if now_ns >= request.deadline_ns]
        self._given_up.update(tags)
        unsent = [request for request in self._waiting if now_ns >= request.deadline_ns]
        for request in unsent:
            self._waiting.remove(request)
        return [self._sent.pop(tag) for tag in tags] + unsent

    def take_all(self) -> list[Request]:
        """All that wait; the session is over, and no late reply comes any more."""
        ended = [*self._sent.values(), *self._waiting]
        self._sent.clear()
        self._waiting.clear()
        self._given_up.clear()
        return ended

    @property
    def longest_ns(self) -> int:
        """The longest time that one of those who wait was given; 0: nobody waits."""
        given_ns = [request.deadline_ns - request.sent_ns for request in [*self._sent.values(), *self._waiting]]
        return max(given_ns, default=0)

    def _free_tag(self) -> int:
        for step in range(1, _TAGS):
            tag = (self._last_tag + step - 1) % (_TAGS - 1) + 1
            if tag not in self._sent and tag not in self._given_up:
                return tag
        return 0
