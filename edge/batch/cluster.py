"""A Dask cluster: processes of this machine, or whatever a scheduler has. Gives each job's answer exactly once."""

import importlib.util
import logging
import queue
import signal
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any, Final, Generic, TypeVar

import dask
from distributed import Client, Future, LocalCluster
from distributed.scheduler import KilledWorker

from edge.errors import BackendUnavailableError, SettingError, SonoedgeError

J = TypeVar("J")
R = TypeVar("R")
AHEAD: Final = 3
"""Jobs under way for each of the cluster's threads: none of them waits, and few answers are held at once."""
LEAST_AHEAD: Final = 16
"""Also where there is no worker yet: a cluster that grows with its work must see some."""
CONNECT_S: Final = 10
FETCH_S: Final = 2.0
"""For the way of an answer from its worker, at first."""
TICK_S: Final = 0.5
RESTART_S: Final = 60.0
"""For a worker that died to be there again; then it is given up, and another one started."""
LOST: Final = "what was measured is kept, run the same command again to go on"


class LostJobError(SonoedgeError):
    """The processes that did this job died, one after the other."""


class Cluster(Generic[J, R]):
    """Workers for one function. Get one by `local_cluster` or `remote_cluster`."""

    def __init__(self, client: Client, address: str, renew: Callable[[], object] = lambda: None) -> None:
        """renew: starts workers in place of those that are gone; it is called as often as workers are counted."""
        self._client, self.address, self._renew = client, address, renew
        self.threads = 0
        """Of all workers together, as last seen."""

    @property
    def dashboard(self) -> str | None:
        """The address of the page that shows what the workers do; None where this machine lacks its library."""
        if importlib.util.find_spec("bokeh") is None:
            return None
        link: str | None = self._client.dashboard_link
        return link

    def answers(self, function: Callable[[J], R], jobs: Iterator[J]) -> Generator[tuple[J, R | LostJobError] | None]:
        """Each job with what `function` gave, in the order in which they are done; None at least twice a second.

        A job whose worker dies is done again by another one; a LostJobError stands for one that killed several.
        What a function raises ends it all. Raises BackendUnavailableError where the scheduler is gone.
        """
        done: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()
        under_way: dict[Any, tuple[Future[Any], J]] = {}
        looked_s, more, patience_s = 0.0, True, FETCH_S
        try:
            while True:
                if time.monotonic() - looked_s > TICK_S:
                    looked_s = time.monotonic()
                    self._look()
                    yield None
                while more and len(under_way) < max(LEAST_AHEAD, AHEAD * self.threads):
                    job = next(jobs, None)
                    if job is None:
                        more = False
                        break
                    future = self._client.submit(function, job, pure=False)
                    under_way[future.key] = future, job
                    future.add_done_callback(done.put)
                if not under_way:
                    return
                try:
                    future = done.get(timeout=TICK_S)
                    answer = self._answer(future, patience_s)
                except queue.Empty:
                    continue
                except TimeoutError:
                    # Its worker died with the answer, which another one makes anew; or it is long, and the line slow.
                    patience_s *= 2 if future.status == "finished" else 1
                    future.add_done_callback(done.put)
                    continue
                _, job = under_way.pop(future.key)
                yield job, answer
                future.release()
        finally:
            self._give_up([future for future, _ in under_way.values()])

    def _answer(self, future: Future[Any], patience_s: float) -> Any:
        """Raises TimeoutError where the answer is not there within that time."""
        if future.cancelled():
            raise self._gone()
        try:
            return future.result(timeout=patience_s)
        except KilledWorker as error:
            return LostJobError(
                f"each of the {error.allowed_failures + 1} processes that measured it died, perhaps for want of memory"
            )
        except (SonoedgeError, TimeoutError):
            raise
        except Exception as error:
            if self._client.status != "running" or future.cancelled():
                raise self._gone() from error
            raise BackendUnavailableError(
                f"a worker cannot measure ({type(error).__name__}: {error}); every worker needs the sonoedge of this "
                "machine: pip install 'sonoedge[all,batch]'"
            ) from error

    def _look(self) -> None:
        try:
            self.threads = sum(self._client.nthreads().values())
            self._renew()
        except Exception as error:  # whatever the connection's loss leads to
            raise self._gone() from error

    def _gone(self) -> BackendUnavailableError:
        return BackendUnavailableError(f"the scheduler at {self.address} is gone; {LOST}")

    def _give_up(self, futures: list[Future[Any]]) -> None:
        try:
            if futures and self._client.status == "running":
                self._client.cancel(futures, force=True)
        except Exception:  # whatever the connection's loss leads to; there is nothing left to be given up then
            return


@contextmanager
def local_cluster(workers: int) -> Iterator[Cluster[Any, Any]]:
    """A scheduler and `workers` processes with one thread each, on this machine alone; they end with this process."""
    patience = {"distributed.deploy.lost-worker-timeout": f"{RESTART_S} s"}
    with _quiet(), dask.config.set(patience):
        with _deaf_to_the_terminal():
            local = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )
        with local, Client(local) as client:
            # Of one that its keeper gave up nothing is left but its place, which asking for as many as before fills.
            yield Cluster(client, local.scheduler_address, lambda: local.scale(workers))


@contextmanager
def remote_cluster(address: str) -> Iterator[Cluster[Any, Any]]:
    """The workers of the scheduler at `address`, such as `tcp://10.0.0.5:8786`.

    Raises SettingError for what is no address, BackendUnavailableError where no scheduler answers.
    """
    with _quiet():
        try:
            client = Client(address, timeout=CONNECT_S)
        except ValueError as error:
            raise SettingError(
                f"--cluster is '{address}' ({error}); expected tcp://HOST:PORT of a scheduler"
            ) from error
        except OSError as error:
            raise BackendUnavailableError(
                f"no Dask scheduler answers at {address}; start one with: dask scheduler, and on each machine: "
                f"dask worker {address} --nthreads 1 --nworkers auto"
            ) from error
        with client:
            yield Cluster(client, address)


@contextmanager
def _deaf_to_the_terminal() -> Iterator[None]:
    """Threads and processes started within do not get the terminal's Ctrl-C, which this process answers for them; nor
    do those that they start themselves, such as a worker in place of one that died."""
    # Its start would let the signals through again, in the thread that needs it first.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_LOUD: Final = ("distributed", "tornado", "asyncio")


@contextmanager
def _quiet() -> Iterator[None]:
    """What dies and is replaced is told at the end, and not by the library in between."""
    # The library sets levels for many of its loggers one by one.
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in _LOUD]
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
