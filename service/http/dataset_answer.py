"""The answer with a data set: an archive that is made while its client reads it.

Owns its beginning, the reasons for which it ends early, and the account of it in log and metrics.
An answer that cannot be finished is cut off, so that its client sees that it is incomplete. Knows
neither parameters nor the content of archives.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from models.picture import Pixels
from service.batching.engine import RESTART_S
from service.batching.recipe import Recipe
from service.composition import ServiceRuntime
from service.datasets.archives import ARCHIVE_FORMATS
from service.datasets.dataset import Dataset
from service.datasets.stream import DatasetStream
from service.errors import ClientGone, Draining, ServiceError
from service.http.bounded_server import CUT_OFF, HAS_STALLED
from service.http.request_guards import until_gone
from service.http.request_log import record_of
from service.operations.dataset_metrics import DatasetOutcome
from service.operations.downloads import DatasetOpen, DatasetsFull, Download

FIRST_S: Final = 5.0  # seconds in which a fault is answered as such; then the answer begins

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DatasetJob:
    """One data set that a client asked for.

    Attributes:
        archive_format: a key of `ARCHIVE_FORMATS`.
        client: name of the client.
        count_pictures: called with a number of pictures that were sent, for the client's rate.
    """

    dataset: Dataset
    archive_format: str
    client: str
    count_pictures: Callable[[int], None]


class DatasetResponse(Response):
    """An archive, sent as it is made; at most a few pictures ahead of its client."""

    def __init__(
        self,
        request: Request,
        runtime: ServiceRuntime,
        job: DatasetJob,
        headers: Mapping[str, str],
    ) -> None:
        media_type = ARCHIVE_FORMATS[job.archive_format].media_type
        super().__init__(headers=dict(headers), media_type=media_type)
        del self.headers["content-length"]
        self._request = request
        self._runtime = runtime
        self._job = job
        self._has_begun = False
        self._tell_sent: Callable[[int], None] = lambda _: None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the archive.

        Raises:
            ServiceError: it was refused, or its first pictures could not be made; nothing was sent.
        """
        dataset, runtime = self._job.dataset, self._runtime
        try:
            opening = runtime.downloads.opened(self._job.client, dataset.count)
            place = runtime.shared.place(self._job.client, dataset.count)
            using = runtime.renderer.using(dataset.served.pinned_name)
            async with place as self._tell_sent:
                with opening as download, using:
                    stream = self._stream()
                    try:
                        outcome = await self._outcome(stream, download, receive, send)
                    finally:
                        await stream.close()
        except (DatasetOpen, DatasetsFull):
            runtime.metrics.datasets.ended.labels(DatasetOutcome.REFUSED).inc()
            raise
        if outcome is DatasetOutcome.COMPLETE:
            # Not before its place is free: the client may ask for the next data set at once.
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        self._account(stream, outcome)
        cut_off: Callable[[], None] | None = scope.get("state", {}).get(CUT_OFF)
        if outcome is not DatasetOutcome.COMPLETE and cut_off is not None:
            cut_off()

    def _stream(self) -> DatasetStream:
        runtime, dataset = self._runtime, self._job.dataset

        async def render(recipes: Sequence[Recipe]) -> list[Pixels]:
            return [image.pixels for image in await runtime.renderer.render_bulk(recipes)]

        archive = ARCHIVE_FORMATS[self._job.archive_format].open(dataset)
        return DatasetStream(dataset, archive, render, runtime.bulk_encoders.run)

    async def _outcome(
        self, stream: DatasetStream, download: Download, receive: Receive, send: Send
    ) -> DatasetOutcome:
        """Send the archive until its end, or until its client or the service goes."""
        work = asyncio.ensure_future(self._send(stream, download, send))
        gone = asyncio.ensure_future(until_gone(receive))
        ending = asyncio.ensure_future(download.ending.wait())
        every = {work, gone, ending}
        try:
            await asyncio.wait(every, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return self._outcome_of(work, stream)
            if gone.done():
                return self._ended(self._why_gone(), ClientGone("the client hung up"))
            why = "this server is shutting down: try again"
            return self._ended(DatasetOutcome.SHUTDOWN, Draining(why, retry_after_s=RESTART_S))
        finally:
            for task in every:
                task.cancel()
            await asyncio.wait(every)
            if not work.cancelled():
                work.exception()  # marks it as retrieved

    async def _send(self, stream: DatasetStream, download: Download, send: Send) -> None:
        """Send all pieces, not the end; a client that takes none for long raises TimeoutError."""
        metrics, dataset = self._runtime.metrics.datasets, self._job.dataset
        images = metrics.images.labels(dataset.served.card.name, dataset.resolution)
        patience_s = self._runtime.settings.client_write_timeout_s
        await stream.start(FIRST_S)
        self._has_begun = True
        start = {
            "type": "http.response.start",
            "status": HTTPStatus.OK,
            "headers": self.raw_headers,
        }
        await send(start)
        async for piece in stream.pieces():
            async with asyncio.timeout(patience_s):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            metrics.bytes.inc(len(piece))
            if new := stream.done - download.done:
                images.inc(new)
                self._job.count_pictures(new)
                download.done = stream.done
                self._tell_sent(stream.done)

    def _outcome_of(self, work: asyncio.Future[None], stream: DatasetStream) -> DatasetOutcome:
        error = work.exception()
        if error is None:
            return DatasetOutcome.COMPLETE
        if isinstance(error, TimeoutError):
            return DatasetOutcome.CLIENT_SLOW
        if not self._has_begun:
            raise error
        if isinstance(error, Draining):
            return DatasetOutcome.SHUTDOWN
        told = None if isinstance(error, ServiceError) else error
        log.error("a data set failed at seed %d: %s", stream.next_seed, error, exc_info=told)
        return DatasetOutcome.FAILED

    def _why_gone(self) -> DatasetOutcome:
        """Return the reason why the connection was lost; the system cuts slow clients off, too."""
        is_slow = self._request.scope.get("state", {}).get(HAS_STALLED, False)
        return DatasetOutcome.CLIENT_SLOW if is_slow else DatasetOutcome.CLIENT_GONE

    def _ended(self, outcome: DatasetOutcome, error: ServiceError) -> DatasetOutcome:
        """Return the outcome, or raise `error` if the answer has not begun."""
        if not self._has_begun:
            raise error
        if error.reason is not None and outcome is not DatasetOutcome.CLIENT_SLOW:
            self._runtime.metrics.refused.labels(error.reason).inc()
        return outcome

    def _account(self, stream: DatasetStream, outcome: DatasetOutcome) -> None:
        self._runtime.metrics.datasets.ended.labels(outcome).inc()
        facts = record_of(self._request).facts
        facts["sent_images"] = stream.done
        if outcome is DatasetOutcome.COMPLETE:
            return
        facts |= {"outcome": outcome.value.replace("_", "-"), "next_seed": str(stream.next_seed)}
        count = self._job.dataset.count
        log.warning(
            "a data set was cut (%s) when %d of %d pictures had been handed to the network; its "
            "client may have fewer: their file shows where it goes on, from_seed=%d at the latest",
            facts["outcome"],
            stream.done,
            count,
            stream.next_seed,
        )
