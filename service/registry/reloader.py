"""Models without a restart: what the folder of bundles shows is what is served.

Owns the order of things when a bundle changes: notice, prove aside, rehearse and take up between
two batches, offer, let the old one go. A bad bundle changes nothing but what is told of it. Knows
an engine by its verbs, and neither torch nor HTTP.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from service.batching.batcher import Batcher
from service.batching.engine import BundleRefused, ModelInfo
from service.registry.background_thread import BackgroundThread
from service.registry.registry import ModelRegistry
from service.registry.watcher import Fingerprint, FolderWatcher, read_fingerprints
from service.settings import Settings

T = TypeVar("T")

COLLECT_S = 1.0  # how often old digests are looked at, while there are any

log = logging.getLogger(__name__)


class Candidate(Protocol):
    """A model that an engine has proved aside, and does not serve yet."""

    @property
    def served(self) -> ModelInfo:
        """What is told of it."""
        ...

    def verify(self, most_s: float) -> Iterator[None]:
        """Prove it on the engine's thread, a batch at each step. Raises: BundleRefused."""
        ...

    def activate(self) -> None:
        """Serve it from the next batch on; on the engine's thread."""
        ...


class ReloadingEngine(Protocol):
    """What reloading asks of an engine."""

    def load(self, folder: Path) -> Candidate:
        """Read, prepare and prove a bundle; on any thread. Raises: BundleRefused."""
        ...

    def unload(self, pinned: str) -> None:
        """Give the memory of a model back; on the engine's thread."""
        ...


@dataclass(frozen=True)
class Parts:
    """What reloading works with.

    Attributes:
        publish: is called when the shelf may have changed.
        forget: is told the pinned name of a model that was put away.
    """

    engine: ReloadingEngine
    batcher: Batcher
    registry: ModelRegistry
    background_thread: BackgroundThread
    publish: Callable[[], None]
    forget: Callable[[str], None]


class Reloader:
    """Keeps the shelf as the folder of bundles is.

    Args:
        seen: the folder as it was before the models of the start were read.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        settings: Settings,
        parts: Parts,
        seen: Mapping[str, Fingerprint],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._parts = parts
        self._watch = FolderWatcher(seen)
        self._clock = clock
        self._called = asyncio.Event()
        self._blind = False
        for folder in parts.registry.refused:  # it may have been read while it was copied
            self._watch.again(folder)

    def look_now(self) -> None:
        """Read every bundle at once, changed or not; on the event loop."""
        self._called.set()

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._look_forever())
            tasks.create_task(self._tidy_forever())

    async def _look_forever(self) -> None:
        missed = False
        while True:
            called = await self._called_within(self._settings.bundles_poll_s or None)
            try:
                await self.look(at_once=called or missed)
                missed = False
            except Exception:  # a fault of ours must neither end the watch nor lose a change
                missed = True
                log.exception("the folder of bundles was not looked through; it will be again")

    async def _tidy_forever(self) -> None:
        while True:
            await asyncio.sleep(COLLECT_S)
            try:
                await self.collect_retired()
            except Exception:  # as above
                log.exception("an old model was not put away; it will be tried again")

    async def _called_within(self, seconds: float | None) -> bool:
        try:
            await asyncio.wait_for(self._called.wait(), seconds)
        except TimeoutError:
            return False
        self._called.clear()
        return True

    # ------------------------------------------------------------------ one look

    async def look(self, *, at_once: bool = False) -> None:
        """Notice what changed, and serve it.

        Args:
            at_once: read everything there is, changed or not, at rest or not.
        """
        bundles, known = self._settings.bundles, list(self._watch.known)
        try:
            seen = await self._beside(lambda: read_fingerprints(bundles, known))
        except OSError as error:
            if at_once or not self._blind:
                log.error("%s; what is loaded is served on", unseen(error))  # noqa: TRY400 - it says all
            self._blind = True
            return
        self._blind = False
        noticed = self._watch.notice(seen, at_once=at_once)
        for folder in noticed.restless:
            log.info("bundle %s is changing: it is read when two looks find it the same", folder)
        names = self._parts.registry.names
        for folder in noticed.changed:
            await self._read(folder, noticed.gone)
        for folder in noticed.gone:
            self._remove(folder)
        if names - self._parts.registry.names:  # somebody may have waited for a name
            for folder in set(self._parts.registry.refused) - set(noticed.changed):
                await self._read(folder, ())

    async def collect_retired(self) -> None:
        """Put away old digests that nothing needs any more."""
        parts = self._parts
        if not parts.registry.anything_leaving:
            return
        free = parts.registry.collect(self._clock(), parts.batcher.depths())
        parts.publish()
        for pinned in free:
            await self._on_engine(lambda name=pinned: parts.engine.unload(name))
            parts.forget(pinned)
            log.info("model %s was put away: nothing needs it any more", pinned)

    # ------------------------------------------------------------------ one bundle

    async def _read(self, folder: str, gone: Collection[str]) -> None:
        began, shelf = self._clock(), self._parts.registry
        before = shelf.held_by(folder)
        try:
            served = await self._prove_and_take_up(folder, gone)
        except Exception as error:  # whatever is wrong with one bundle, the others are served
            if not isinstance(error, BundleRefused):
                log.exception("unexpected fault with bundle %s", folder)
            self._refuse(folder, error)
            return
        shelf.place(folder, served, self._clock(), gone)
        self._parts.publish()
        if before is None or before.pinned_name != served.pinned_name:
            place = f" in place of {before.pinned_name}, which {self._stays}" if before else ""
            took = self._clock() - began
            log.info("bundle %s: %s is served%s (%.2f s)", folder, served.pinned_name, place, took)
        else:
            log.info("bundle %s: %s is as it was", folder, served.pinned_name)

    async def _prove_and_take_up(self, folder: str, gone: Collection[str]) -> ModelInfo:
        engine = self._parts.engine
        candidate = await self._beside(lambda: engine.load(self._settings.bundles / folder))
        self._parts.registry.require_free(folder, candidate.served.card.name, gone)
        steps = candidate.verify(self._settings.batch_work_s)
        while await self._on_engine(lambda: next(steps, steps)) is not steps:
            pass  # and batches go in between
        await self._on_engine(candidate.activate)
        return candidate.served

    def _refuse(self, folder: str, error: Exception) -> None:
        if not isinstance(error, BundleRefused) or error.transient:
            self._watch.again(folder)
        if self._parts.registry.refuse(folder, str(error)):
            held = self._parts.registry.held_by(folder)
            then = f" and {held.pinned_name} is served on" if held else ""
            log.error("bundle %s is refused%s: %s", folder, then, error)
        self._parts.publish()

    def _remove(self, folder: str) -> None:
        held = self._parts.registry.held_by(folder)
        self._parts.registry.remove(folder, self._clock())
        what = f"{held.pinned_name} {self._stays}" if held else "it gave no model"
        log.info("bundle %s is gone: %s", folder, what)
        self._parts.publish()

    @property
    def _stays(self) -> str:
        return f"stays for {self._settings.retired_model_s:g} s and until nothing needs it"

    # ------------------------------------------------------------------ where things are done

    async def _beside(self, job: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._parts.background_thread.run(job))

    async def _on_engine(self, job: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._parts.batcher.run_between_batches(job))


def unseen(error: OSError) -> str:
    """Why the folder could not be looked at, and what to do."""
    return f"PROGAN_BUNDLES cannot be looked through: {error}. Mend the folder or its rights"
