"""Whether the engine is well: what the health routes say, and when the process must end.

Owns the judgement and its log lines. A batch that takes far longer than it should costs readiness
first, then liveness, then the process: not every supervisor asks for health.
"""

from __future__ import annotations

import logging
from enum import Enum

from service.batching.batcher import Batcher
from service.batching.engine import DeviceLost
from service.errors import NotReady
from service.operations.metrics import Metrics

log = logging.getLogger(__name__)


class Condition(Enum):
    """How the engine is; each worse than the one before."""

    WELL = "well"
    SILENT = "silent"
    HUNG = "hung"
    ENDED = "ended"


class EngineHealth:
    """The engine's pulse, and what follows from it.

    Args:
        stall_s: seconds overdue after which it counts as silent: not ready.
        hang_s: seconds overdue after which it counts as hung: not alive; and after as many again
            the process must end.
    """

    def __init__(
        self, batcher: Batcher, metrics: Metrics, *, stall_s: float, hang_s: float
    ) -> None:
        self._batcher = batcher
        self._metrics = metrics
        self._stall_s = stall_s
        self._hang_s = hang_s
        self._last = Condition.WELL

    @property
    def condition(self) -> Condition:
        """How the engine is now."""
        if not self._batcher.alive:
            return Condition.ENDED
        overdue_s = self._batcher.overdue_s
        if overdue_s > self._hang_s:
            return Condition.HUNG
        return Condition.SILENT if overdue_s > self._stall_s else Condition.WELL

    def require_ready(self) -> None:
        """Nothing, if requests should come here.

        Raises:
            NotReady: they should not, and why.
        """
        self.require_alive()
        if self.condition is Condition.SILENT:
            overdue_s = self._batcher.overdue_s
            raise NotReady(f"the engine should have been done {overdue_s:.0f} s ago")

    def require_alive(self) -> None:
        """Nothing, if the process can do its work.

        Raises:
            NotReady: only a restart helps.
        """
        condition = self.condition
        if condition is Condition.ENDED:
            raise NotReady("the engine's thread has ended: restart the service")
        if condition is Condition.HUNG:
            overdue_s = self._batcher.overdue_s
            raise NotReady(
                f"the engine hangs: it should have been done {overdue_s:.0f} s ago: "
                "restart the service"
            )

    def check(self) -> bool:
        """Log what has changed since the last look; returns whether the process must end."""
        now, before = self.condition, self._last
        self._last = now
        if now is not before and now is not Condition.ENDED:  # that has been told
            heavy = logging.INFO if now is Condition.WELL else logging.ERROR
            log.log(heavy, "the engine is %s, %.1f s overdue", now.value, self._batcher.overdue_s)
        if now is Condition.SILENT and before is Condition.WELL:
            self._metrics.engine_hung()
        if isinstance(self._batcher.fault, DeviceLost):
            return True
        return now is not Condition.WELL and self._batcher.overdue_s > 2 * self._hang_s
