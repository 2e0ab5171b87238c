"""The health of the engine: for the health routes, and for the end of a hung process.

Owns the thresholds of health and their log lines. If a batch is overdue, the service first becomes
not ready, then not alive, and at last the process must end: not every supervisor checks health.
"""

from __future__ import annotations

import logging
from enum import Enum

from service.batching.engine import DeviceLost, Engine
from service.errors import NotReady
from service.operations.metrics import Metrics

ENGINE_LOST = 70  # exit code of a process that must end; EX_SOFTWARE of sysexits.h

log = logging.getLogger(__name__)


class Condition(Enum):
    """The condition of the engine, from best to worst."""

    HEALTHY = "healthy"
    STALLED = "stalled"
    HUNG = "hung"
    ENDED = "ended"


class EngineHealth:
    """Derives the condition of the engine from its status.

    Args:
        stall_s: overdue seconds after which the engine counts as stalled: not ready.
        hang_s: overdue seconds after which it counts as hung: not alive; after twice as many the
            process must end.
    """

    def __init__(self, engine: Engine, metrics: Metrics, *, stall_s: float, hang_s: float) -> None:
        self._engine = engine
        self._metrics = metrics
        self._stall_s = stall_s
        self._hang_s = hang_s
        self._last = Condition.HEALTHY

    @property
    def condition(self) -> Condition:
        """The current condition."""
        status = self._engine.status()
        if not status.alive:
            return Condition.ENDED
        if status.overdue_s > self._hang_s:
            return Condition.HUNG
        return Condition.STALLED if status.overdue_s > self._stall_s else Condition.HEALTHY

    def require_ready(self) -> None:
        """Raise unless this process should get requests.

        Raises:
            NotReady: it should not; the message states why.
        """
        self.require_alive()
        if self.condition is Condition.STALLED:
            overdue_s = self._engine.status().overdue_s
            raise NotReady(f"the engine should have been done {overdue_s:.0f} s ago")

    def require_alive(self) -> None:
        """Raise unless the process can do its work.

        Raises:
            NotReady: it cannot, and only a restart helps.
        """
        condition = self.condition
        if condition is Condition.ENDED:
            raise NotReady("the engine's thread has ended: restart the service")
        if condition is Condition.HUNG:
            overdue_s = self._engine.status().overdue_s
            raise NotReady(
                f"the engine hangs: it should have been done {overdue_s:.0f} s ago: "
                "restart the service"
            )

    def check(self) -> bool:
        """Log a change since the last check; return True if the process must end."""
        now, before, status = self.condition, self._last, self._engine.status()
        self._last = now
        if now is not before and now is not Condition.ENDED:  # the engine has logged its end
            level = logging.INFO if now is Condition.HEALTHY else logging.ERROR
            log.log(level, "the engine is %s, %.1f s overdue", now.value, status.overdue_s)
        if now is Condition.STALLED and before is Condition.HEALTHY:
            self._metrics.engine_hung()
        if isinstance(status.fault, DeviceLost):
            return True
        return now is not Condition.HEALTHY and status.overdue_s > 2 * self._hang_s
