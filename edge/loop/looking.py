"""The first half of every step: in the loop's thread, or in another while the loop concludes on the frame before."""

import threading
from typing import Protocol

from edge.loop.budget import Keeper
from edge.loop.capture import Grabbed
from edge.loop.mailbox import Mailbox, MailboxClosedError
from edge.loop.step import Looked, Step
from edge.pointed import Pointed

POLL_S = 0.1
"""How soon a stop is noticed while no frame comes."""
_JOIN_TIMEOUT_S = 10.0
"""Longer than any inference takes."""


class Looking(Protocol):
    """Gives what was looked at, frame by frame."""

    def start(self) -> None: ...

    def take(self, timeout_s: float) -> Looked | None:
        """The next; None where no frame came in time. Raises what the mailbox was closed with, or what the step met."""
        ...

    def stop(self) -> None: ...


class LookingInTurn:
    """Looks when it is asked to. keeper: says which frames are left out; None: none."""

    def __init__(self, mailbox: Mailbox[Grabbed], step: Step, keeper: Keeper | None) -> None:
        self._mailbox = mailbox
        self._step = step
        self._keeper = keeper
        self._sequence: int | None = None
        self._pointed: tuple[Pointed, ...] | None = None

    def start(self) -> None:
        """Nothing has to be started."""

    def take(self, timeout_s: float) -> Looked | None:
        """See the contract."""
        grabbed = self._mailbox.take(timeout_s)
        if grabbed is None:
            return None
        pointed = self._step.pointed()
        # A picture that stands still is looked at again where somebody points at something else in it.
        if grabbed.again and grabbed.frame.sequence == self._sequence and pointed == self._pointed:
            return Looked(grabbed, None)
        if self._keeper is not None and not grabbed.again and self._keeper.skips(grabbed.frame):
            return None
        self._sequence, self._pointed = grabbed.frame.sequence, pointed
        return self._step.look(grabbed)

    def stop(self) -> None:
        """Nothing goes on."""


class LookingAhead:
    """Looks in a thread of its own, one frame ahead and never more: the next is taken, the newest there is then, once
    the last was fetched, so that none grows old here."""

    def __init__(self, mailbox: Mailbox[Grabbed], step: Step, keeper: Keeper | None) -> None:
        self._turns = LookingInTurn(mailbox, step, keeper)
        self._looked: Mailbox[Looked] = Mailbox(newest_only=False)
        self._thread = threading.Thread(target=self._run, name="looking", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def take(self, timeout_s: float) -> Looked | None:
        """See the contract."""
        return self._looked.take(timeout_s)

    def stop(self) -> None:
        """Ends the thread after the frame that it looks at."""
        self._looked.close()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_TIMEOUT_S)

    def _run(self) -> None:
        try:
            while self._looked.wait_for_room():
                looked = self._turns.take(POLL_S)
                if looked is not None:
                    self._looked.put(looked)
        except MailboxClosedError:
            self._looked.close()
        except BaseException as error:
            self._looked.close(error)
