"""Hot reload of model bundles; loading at the start is a reload with an empty engine.

Owns the order of steps when a bundle changes: detect, load and verify, serve, retire and unload the
old model. Knows the engine only by its protocol, and neither torch nor HTTP.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from service.batching.engine import BundleRefused, DeviceLost, Engine, ModelInfo
from service.batching.predictor import WorkPredictor
from service.errors import EngineLost
from service.registry.background_thread import BackgroundThread
from service.registry.registry import ModelRegistry
from service.registry.watcher import Fingerprint, FolderWatcher, model_name_in, read_fingerprints

COLLECT_S = 1.0  # seconds between two attempts to unload retired models

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReloadParts:
    """Parts that `Reloader` uses.

    Attributes:
        depths: number of queued images by pinned name.
        publish: called when the catalogue may have changed.
        settle: called when a model has been unloaded.
        approve: called before a loaded model is served; may raise `BundleRefused`.
    """

    engine: Engine
    registry: ModelRegistry
    predictor: WorkPredictor
    background_thread: BackgroundThread
    depths: Callable[[], Mapping[str, int]]
    publish: Callable[[], None]
    settle: Callable[[], None]
    approve: Callable[[ModelInfo], Awaitable[None]] | None = None


class Reloader:
    """Keeps the registry in agreement with the folders of bundles.

    Args:
        bundles: folders of bundles; of two models with one name the first is served.
        poll_s: seconds between two scans; 0 to scan only on `look_now`.
        grace_s: seconds that a retired model stays, for messages.
        clock: monotonic clock in seconds.
    """

    def __init__(
        self,
        bundles: Sequence[Path],
        parts: ReloadParts,
        *,
        poll_s: float,
        grace_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bundles = bundles
        self._parts = parts
        self._poll_s = poll_s
        self._stays = f"stays for {grace_s:g} s and until nothing needs it"
        self._watcher = FolderWatcher()
        self._clock = clock
        self._called = asyncio.Event()
        self._unreadable: set[Path] = set()

    def look_now(self) -> None:
        """Start a scan that reads every bundle, changed or not; call on the event loop."""
        self._called.set()

    async def load_all(self) -> None:
        """Read every bundle before serving begins.

        A refused bundle is read again a little later, because it may have been incomplete while it
        was being copied.

        Raises:
            DeviceLost, EngineLost: the engine has ended.
        """
        await self.look(at_once=True, while_serving=False)
        for folder in self._parts.registry.refused:
            self._watcher.retry(folder)

    async def run(self) -> None:
        """Scan the folders and unload retired models periodically, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._look_forever())
            tasks.create_task(self._collect_forever())

    async def _look_forever(self) -> None:
        missed = False
        while True:
            called = await self._called_within(self._poll_s or None)
            try:
                await self.look(at_once=called or missed)
                missed = False
            except Exception:  # a bug must neither end the loop nor lose a change
                missed = True
                log.exception("the bundles were not looked through; they will be again")

    async def _collect_forever(self) -> None:
        while True:
            await asyncio.sleep(COLLECT_S)
            try:
                await self.collect_retired()
            except Exception:  # as above
                log.exception("a retired model was not unloaded; it will be tried again")

    async def _called_within(self, seconds: float | None) -> bool:
        try:
            await asyncio.wait_for(self._called.wait(), seconds)
        except TimeoutError:
            return False
        self._called.clear()
        return True

    async def look(self, *, at_once: bool = False, while_serving: bool = True) -> None:
        """Scan the folders once: load changed bundles and retire the models of removed ones.

        Args:
            at_once: read every bundle, changed or not, settled or not.
            while_serving: load beside batches, at a low priority; else with all cores.
        """
        registry = self._parts.registry
        found = await self._find(at_once=at_once)
        read = {f: p for f, p in registry.read.items() if f.parent not in self._unreadable}
        changes = self._watcher.changes(found, read, at_once=at_once)
        for folder in changes.unsettled:
            name = registry.label(folder)
            log.info("bundle %s is changing: it is read when two looks find it the same", name)
        names = registry.names
        for folder in changes.changed:
            registry.begin(folder, found[folder])
            await self._read(folder, changes.gone, while_serving=while_serving)
        for folder in changes.gone:
            self._remove(folder)
        if names - registry.names:  # a bundle may have been refused for a name that is now free
            for folder in sorted(set(registry.refused) - set(changes.changed)):
                await self._read(folder, ())
        self._parts.publish()

    async def _find(self, *, at_once: bool) -> dict[Path, Fingerprint]:
        """Fingerprints of the bundles in all readable folders, in the order of the folders."""
        beside, found = self._parts.background_thread.result_of, dict[Path, Fingerprint]()
        for bundles in self._bundles:
            known = [folder for folder in self._parts.registry.read if folder.parent == bundles]
            try:
                found |= await beside(lambda b=bundles, k=known: read_fingerprints(b, k))
            except OSError as error:
                if at_once or bundles not in self._unreadable:
                    log.error("%s; what is loaded is served on", unreadable(error))  # noqa: TRY400 - a traceback adds nothing
                self._unreadable.add(bundles)
            else:
                self._unreadable.discard(bundles)
        return found

    async def collect_retired(self) -> None:
        """Unload closed models that are no longer in use."""
        parts = self._parts
        if not parts.registry.anything_retired:
            return
        free = parts.registry.collect(self._clock(), parts.depths())
        parts.publish()
        for pinned in free:
            await asyncio.wrap_future(parts.engine.unload(pinned))
            parts.predictor.forget(pinned)
            log.info("model %s was unloaded: nothing needs it any more", pinned)
        if free:
            parts.settle()

    async def _read(
        self, folder: Path, gone: Collection[Path], *, while_serving: bool = True
    ) -> None:
        began, registry = self._clock(), self._parts.registry
        before = registry.given_by(folder)
        try:
            info = await self._load(folder, gone, while_serving=while_serving)
            await self._serve(folder, info, gone)
        except (DeviceLost, EngineLost):  # the bundle is not the cause
            raise
        except Exception as error:  # a bundle with any error must not stop the others
            if not isinstance(error, BundleRefused):
                log.exception("unexpected fault with bundle %s", registry.label(folder))
            self._refuse(folder, error)
            return
        self._parts.publish()
        name, pinned = registry.label(folder), info.pinned_name
        if before is None or before.pinned_name != pinned:
            place = f" in place of {before.pinned_name}, which {self._stays}" if before else ""
            log.info(
                "bundle %s: %s is served%s (%.2f s)", name, pinned, place, self._clock() - began
            )
        else:
            what = "is as it was" if before.card == info.card else "has a new card, same pictures"
            log.info("bundle %s: %s %s", name, pinned, what)

    async def _load(
        self, folder: Path, gone: Collection[Path], *, while_serving: bool
    ) -> ModelInfo:
        name = await self._parts.background_thread.result_of(lambda: model_name_in(folder))
        if name is not None:
            self._parts.registry.require_free(folder, name, gone)
        engine, predictor = self._parts.engine, self._parts.predictor
        loaded = await asyncio.wrap_future(engine.load(folder, while_serving=while_serving))
        for recipes, seconds in loaded.timings:
            predictor.observe(recipes, seconds)
        return loaded.model

    async def _serve(self, folder: Path, info: ModelInfo, gone: Collection[Path]) -> None:
        try:
            if self._parts.approve is not None:
                await self._parts.approve(info)
            self._parts.registry.serve(folder, info, self._clock(), gone)
        except BundleRefused:  # its card was replaced during loading, or it is not approved of
            if not self._parts.registry.holds(info.pinned_name):
                await asyncio.wrap_future(self._parts.engine.unload(info.pinned_name))
            raise

    def _refuse(self, folder: Path, error: Exception) -> None:
        registry = self._parts.registry
        if not isinstance(error, BundleRefused) or error.transient:
            self._watcher.retry(folder)
        if registry.refuse(folder, str(error)):
            given = registry.given_by(folder)
            then = f" and {given.pinned_name} is served on" if given else ""
            log.error("bundle %s is refused%s: %s", registry.label(folder), then, error)
        self._parts.publish()

    def _remove(self, folder: Path) -> None:
        registry = self._parts.registry
        given = registry.given_by(folder)
        registry.remove(folder, self._clock())
        what = f"{given.pinned_name} {self._stays}" if given else "it gave no model"
        log.info("bundle %s is gone: %s", registry.label(folder), what)
        self._parts.publish()


def unreadable(error: OSError) -> str:
    """The message for a folder of bundles that cannot be read: reason and remedy."""
    return f"PROGAN_BUNDLES cannot be looked through: {error}. Mend the folder or its rights"
