"""The thread that computes: one job after another, with a heartbeat.

Owns the thread, its jobs and the allowed time of each. Knows nothing of what a job does.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from service.batching.engine import DeviceLost, EngineStatus, engine_lost

T = TypeVar("T")

HEARTBEAT_S = 0.5  # between two heartbeats of an idle thread

log = logging.getLogger(__name__)


class Heartbeat:
    """The time of a thread's last heartbeat, and the allowed time until the next.

    Only the thread itself writes; any thread may read.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last, self._allowed_s = clock(), 0.0

    def beat(self, allowed_s: float = 0.0) -> None:
        """Record a heartbeat before work that may take `allowed_s` seconds."""
        self._last, self._allowed_s = self._clock(), allowed_s

    @property
    def age_s(self) -> float:
        """Seconds since the last heartbeat."""
        return self._clock() - self._last

    @property
    def overdue_s(self) -> float:
        """Seconds by which the current job exceeds its allowed time."""
        return max(0.0, self.age_s - self._allowed_s)


class EngineThread:
    """Runs jobs in the order of submission; any thread may submit them.

    An error of a job is set on its future, and the thread continues; `DeviceLost`, and a
    `BaseException` that is not an `Exception`, end the thread.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._heartbeat = Heartbeat(clock)
        self._changed = threading.Condition()
        self._jobs: deque[Callable[[], None]] = deque()
        self._open = True
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._heartbeat.beat()
        self._thread.start()

    def run(self, job: Callable[[], T], allowed_s: float) -> Future[T]:
        """Run `job` after all jobs that were submitted before it.

        Args:
            job: the future gets its result or its error.
            allowed_s: seconds after which the thread counts as overdue.

        Raises:
            EngineLost: set on the future if the thread has ended, or ends before this job.
        """
        done: Future[T] = Future()

        def work() -> None:
            if self._fault is not None:
                done.set_exception(engine_lost())
            elif done.set_running_or_notify_cancel():
                self._heartbeat.beat(allowed_s)
                self._settle(done, job)

        with self._changed:
            if self._open:
                self._jobs.append(work)
                self._changed.notify()
                return done
        done.set_exception(engine_lost())
        return done

    def status(self) -> EngineStatus:
        """Return the current state."""
        heartbeat = self._heartbeat
        alive = self._thread.is_alive() and self._fault is None
        return EngineStatus(alive, self._fault, heartbeat.age_s, heartbeat.overdue_s)

    def stop(self) -> None:
        """End the thread after the jobs that are queued."""
        with self._changed:
            self._open = False
            self._changed.notify()

    def ended(self, within_s: float) -> bool:
        """Wait up to `within_s` seconds; True if the thread has ended."""
        self._thread.join(within_s)
        return not self._thread.is_alive()

    # ------------------------------------------------------------------ on the thread

    def _work(self) -> None:
        while job := self._next():
            job()

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while not self._jobs:
                self._heartbeat.beat()
                if not self._open:
                    return None
                self._changed.wait(HEARTBEAT_S)
            return self._jobs.popleft()

    def _settle(self, done: Future[T], job: Callable[[], T]) -> None:
        """Run a job; after one that ends the thread, all later jobs are refused."""
        try:
            result = job()
        except DeviceLost as error:
            self._end(error)
            done.set_exception(error)
        except Exception as error:  # noqa: BLE001 - any error is set on the future
            done.set_exception(error)
        except BaseException as error:  # noqa: BLE001 - the end of the thread must be logged
            self._end(error)
            done.set_exception(engine_lost())
        else:
            done.set_result(result)

    def _end(self, fault: BaseException) -> None:
        log.critical("the engine's thread has ended: %r", fault, exc_info=fault)
        self._fault = fault
        self.stop()
