"""The renderer of a front end: engines that are processes of their own.

Owns what a front end says of all engines together, while they start, work, hang and end. Knows
neither HTTP nor how an engine works.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Final

from service.batching.batcher import MAX_RETRY_AFTER_S
from service.batching.engine import ModelInfo
from service.batching.queue import Rendered
from service.batching.recipe import Recipe
from service.batching.requests_in_progress import RequestsInProgress
from service.batching.waiting import NOTHING, Encoding
from service.errors import (
    DeadlinePassed,
    Draining,
    EngineLost,
    NotReady,
    Refused,
)
from service.local_renderer import LOADING_RETRY_S
from service.processes.engine_choice import EngineChoice, unloaded
from service.processes.engine_link import EngineLink
from service.processes.messages import HoldModel, ReleaseModel, not_ready_of
from service.registry.catalogue import Catalogue
from service.rendering.renderer import RendererLoad

ANSWER_S: Final = 1.0  # seconds that an engine may take beyond a deadline to tell it


class RemoteRenderer:
    """Implements `service.rendering.renderer.Renderer` with engine processes.

    Args:
        links: connections to the engines.
        stall_s: seconds an engine may be silent before it gets no new requests.
        look_for_models: passes the order to read the bundles again to the engines.
    """

    def __init__(
        self,
        links: Sequence[EngineLink],
        stall_s: float,
        look_for_models: Callable[[], None] = lambda: None,
    ) -> None:
        self._links = links
        self._stall_s = stall_s
        self._look_for_models = look_for_models
        self.requests = RequestsInProgress(lambda: None)
        self._is_draining = False
        self._tasks: list[asyncio.Task[None]] = []
        self._choice = EngineChoice(stall_s)

    # ------------------------------------------------------------------ state

    @property
    def catalogue(self) -> Catalogue:
        """The models of the first engine that has some; raises `NotReady` if there is none."""
        catalogue = next((each.catalogue for each in self._links if each.catalogue), None)
        if catalogue is None:
            raise self._not_ready()
        if not catalogue.models and not catalogue.retiring:
            catalogue.require_default()
        return catalogue

    def load(self) -> RendererLoad:
        """The present work of all engines; the seconds are those of the busiest one."""
        reports = [link.report for link in self._links if link.report is not None]
        return RendererLoad(
            sum(report.queued_images for report in reports),
            max((report.queued_s for report in reports), default=0.0),
            sum(report.images_per_s for report in reports),
        )

    def retry_after_s(self) -> int:
        """Whole seconds after which the engine with the least work should be done."""
        work = [link.work_s for link in self._links if link.report is not None]
        return min(MAX_RETRY_AFTER_S, int(min(work, default=0.0)) + 1)

    def require_ready(self) -> None:
        """Raise `NotReady` unless an engine is ready and answers."""
        if not any(self._is_ready(link) for link in self._links):
            raise self._not_ready()
        self.catalogue.require_default()

    def require_alive(self) -> None:
        """An engine that has ended or hangs is started again by another process."""

    def _is_ready(self, link: EngineLink) -> bool:
        report = link.report
        return report is not None and report.not_ready is None and link.silent_s <= self._stall_s

    def _not_ready(self) -> NotReady:
        for link in self._links:
            if link.report is not None and link.silent_s > self._stall_s:
                return NotReady(
                    f"the engine has not answered for {link.silent_s:.0f} s",
                    retry_after_s=link.restart_s(),
                )
            if link.report is not None and link.report.not_ready is not None:
                return not_ready_of(link.report.not_ready)
        if any(link.has_been_ready for link in self._links):
            retry_s = min(link.restart_s() for link in self._links)
            return NotReady("the engine is being started again", retry_after_s=retry_s)
        return NotReady("the models are still loading", retry_after_s=LOADING_RETRY_S)

    # ------------------------------------------------------------------ work

    async def render(
        self,
        recipes: Sequence[Recipe],
        timeout_s: float,
        *,
        window: int | None = None,
        encode: Encoding = NOTHING,
    ) -> list[Rendered]:
        """The images of one request, admitted together or refused at once."""
        self._require_open()
        link, infos = self._link_for(recipes)
        try:
            async with asyncio.timeout(timeout_s + ANSWER_S):
                return await link.render(recipes, infos, timeout_s, window, encode)
        except TimeoutError as error:
            raise DeadlinePassed(
                f"the picture was not ready within {timeout_s:g} s",
                retry_after_s=self.retry_after_s(),
            ) from error

    async def render_bulk(self, recipes: Sequence[Recipe]) -> list[Rendered]:
        """The images of `recipes` at the lower priority, without a deadline."""
        self._require_open()
        link, infos = self._link_for(recipes)
        return await link.render(recipes, infos, None, None, NOTHING)

    @contextmanager
    def using(self, pinned: str) -> Generator[None]:
        """Keep a model loaded until the end of the block, by the engines that have it now."""
        links = [link for link in self._links if link.model(pinned) is not None]
        if not links:
            raise unloaded(pinned)
        for link in links:
            link.send(HoldModel(pinned))
        try:
            yield
        finally:
            for link in links:
                link.send(ReleaseModel(pinned))

    def _require_open(self) -> None:
        if self._is_draining:
            raise Draining(
                "this server is shutting down: try another one, or this one again later",
                retry_after_s=self.retry_after_s(),
            )

    def _link_for(self, recipes: Sequence[Recipe]) -> tuple[EngineLink, list[ModelInfo]]:
        """The engine with the least predicted work that has the models of `recipes`."""
        connected = [link for link in self._links if link.report is not None]
        if not connected:
            raise self._lost()
        names = {recipe.model for recipe in recipes}
        chosen = self._choice.choose(connected, names)
        infos = {name: info for name in names if (info := chosen.model(name))}
        return chosen, [infos[recipe.model] for recipe in recipes]

    def _lost(self) -> EngineLost | NotReady:
        if not any(link.has_been_ready for link in self._links):
            return self._not_ready()
        return min(self._links, key=EngineLink.restart_s).lost()

    # ------------------------------------------------------------------ phases

    def start(self) -> None:
        """Connect to all engines; returns at once."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(link.run()) for link in self._links]

    def look_for_models(self) -> None:
        """Ask the engines to read every bundle."""
        self._look_for_models()

    def must_end(self) -> bool:
        """Return False: engines are started again by another process."""
        return False

    def stop_reloading(self) -> None:
        """The engines go on: other front ends may need them."""

    def stop_admitting(self) -> None:
        """Refuse new requests from now on; admitted ones are finished."""
        self._is_draining = True

    def abandon(self, error: Callable[[], Refused]) -> int:
        """Refuse all unanswered requests, each with a new `error()`; returns their number."""
        unanswered = [images for link in self._links for images in link.unanswered]
        for images in unanswered:
            images.set_exception(error())
        return len(unanswered)

    async def stop(self, limit_s: float) -> int:
        """Finish admitted requests within `limit_s` seconds, and end the connections."""
        self.stop_admitting()
        if unanswered := [images for link in self._links for images in link.unanswered]:
            await asyncio.wait(unanswered, timeout=None if limit_s == math.inf else limit_s)
        why = "the server shut down before this request's turn came"
        given_up = self.abandon(lambda: Draining(why, retry_after_s=MAX_RETRY_AFTER_S))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        return given_up

    def ended(self, within_s: float) -> bool:
        """Return True: nothing of the engines is in this process."""
        del within_s  # there is nothing to wait for
        return True
