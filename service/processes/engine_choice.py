"""The choice of an engine for a request: the least predicted work, of those with equal pictures.

Owns the comparison of engines: kind of processor, precision, libraries and the digest of the
self-test. Knows no messages.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import Final

from service.batching.engine import ModelInfo
from service.errors import EngineSilent, NotReady
from service.processes.engine_link import EngineLink

UNLOADED_RETRY_S: Final = 1

log = logging.getLogger(__name__)


class EngineChoice:
    """Chooses among engines, and tells once of each model that one makes otherwise.

    Args:
        stall_s: seconds an engine may be silent before it gets no new requests.
    """

    def __init__(self, stall_s: float) -> None:
        self._stall_s = stall_s
        self._told_apart: set[str] = set()

    def choose(self, connected: Sequence[EngineLink], names: Collection[str]) -> EngineLink:
        """The engine with the least predicted work that has these models, by pinned name.

        Args:
            connected: engines that have reported; of two that make other pictures, the first is
                right.
            names: pinned names of the models.

        Raises:
            NotReady: none has these models any more.
            EngineSilent: those that have them do not answer.
        """
        able = [link for link in connected if all(link.model(name) for name in names)]
        if not able:
            raise unloaded(", ".join(sorted(names)))
        equal = [link for link in able if all(self._agree(able[0], link, name) for name in names)]
        answering = [link for link in equal if link.silent_s <= self._stall_s]
        if not answering:
            raise EngineSilent(
                f"the engine has not answered for {equal[0].silent_s:.0f} s; nothing new is "
                "admitted until it answers or is restarted: try this server again later",
                retry_after_s=equal[0].restart_s(),
            )
        return min(answering, key=lambda link: link.work_s)

    def _agree(self, first: EngineLink, other: EngineLink, pinned: str) -> bool:
        """True if both engines make the same pictures of a model that both have."""
        one, two = first.model(pinned), other.model(pinned)
        assert one is not None
        assert two is not None
        if _kind_of(one) == _kind_of(two):
            return True
        if pinned not in self._told_apart:
            self._told_apart.add(pinned)
            log.error(
                "%s: an engine on %s makes other pictures than one on %s, and gets no requests",
                pinned,
                two.mode.platform,
                one.mode.platform,
            )
        return False


def unloaded(pinned: str) -> NotReady:
    """The error for a model that was unloaded; a retry resolves its name again."""
    return NotReady(
        f"{pinned} was unloaded while this request came in: send it again",
        retry_after_s=UNLOADED_RETRY_S,
    )


def _kind_of(info: ModelInfo) -> tuple[str, ...]:
    """Facts on which the bytes of a picture depend; the number of the device is none of them."""
    mode = info.mode
    return (mode.processor, mode.precision, mode.libraries, str(mode.exact), info.self_test)
