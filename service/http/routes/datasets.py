"""`GET /datasets`: the pictures of consecutive seeds as one archive, streamed."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from service.access.rate import client_name
from service.composition import ServiceRuntime
from service.datasets.archives import ARCHIVE_FORMATS
from service.datasets.dataset import Dataset, DatasetRequest
from service.errors import OutOfRange, PreconditionFailed
from service.facts import value_headers
from service.files import picture_file
from service.http.dataset_answer import DatasetJob, DatasetResponse
from service.http.dependencies import CatalogueDep, RuntimeDep
from service.http.headers import (
    disposition,
    file_depth_headers,
    is_fresh,
    is_other_than_wanted,
)
from service.http.queries import DatasetQuery
from service.http.request_log import record_of
from service.http.routes.documentation import DATASETS

router = APIRouter(tags=["images"])


@router.head("/datasets", include_in_schema=False)
@router.get("/datasets", response_class=Response, responses=DATASETS)
async def datasets(
    request: Request,
    query: Annotated[DatasetQuery, Query()],
    catalogue: CatalogueDep,
    runtime: RuntimeDep,
) -> Response:
    """Return the pictures of `count` seeds from `from_seed` on, with a manifest, as one archive."""
    runtime.downloads.require_on()
    wanted = DatasetRequest(
        *(query.from_seed, query.count, query.resolution, query.label, query.image_format),
        psi=query.psi,
        edits=query.edit,
    )
    signer = runtime.credentials.file_signer
    dataset = Dataset.requested(catalogue.find_for_seeds(query.model), wanted, picture_file, signer)
    record_of(request).facts |= {
        "model": dataset.served.pinned_name,
        "resolution": dataset.resolution,
        "label": dataset.label,
        "psi": dataset.description().psi,
        "edit": dataset.description().edit,
        "format": query.format,
        "images": dataset.count,
        "from_seed": str(dataset.from_seed),
    }
    headers = dataset_headers(dataset, query.format)
    etag = headers["ETag"]
    if is_other_than_wanted(request, etag):
        raise PreconditionFailed(f"the ETag of this answer is {etag}: ask without If-Match")
    if is_fresh(request, etag):
        return Response(status_code=304, headers=headers)
    if request.method == "HEAD":
        media_type = ARCHIVE_FORMATS[query.format].media_type
        response = Response(headers=headers, media_type=media_type)
        del response.headers["content-length"]
        return response
    job = await admitted_job(request, runtime, dataset, query)
    return DatasetResponse(request, runtime, job, headers)


async def admitted_job(
    request: Request, runtime: ServiceRuntime, dataset: Dataset, query: DatasetQuery
) -> DatasetJob:
    """Return the job, if the client's rate has room for all pictures; they count as they are sent.

    Raises:
        OutOfRange: it has more pictures than any window of the rate.
        RateExceeded: the client's window is used up.
    """
    key = runtime.keys.require(request.headers)
    address = request.client.host if request.client else ""
    shared, most = runtime.shared, runtime.shared.most_pictures
    if most is not None and dataset.count > most:
        message = f"one client may have {most} pictures at a time here: ask for parts"
        raise OutOfRange("count", message, {"ge": 1, "le": most})
    await shared.require_pictures(key, address, dataset.count)
    return DatasetJob(
        dataset,
        query.format,
        client_name(key, address),
        lambda new: shared.count_pictures(key, address, new),
    )


def dataset_headers(dataset: Dataset, archive_format: str) -> dict[str, str]:
    """Return the headers of the answer."""
    served, seeds = dataset.served, dataset.seeds
    name = f"{served.card.name}-{dataset.resolution}-{seeds[0]}-{seeds[-1]}"
    whole = dataset.description()
    facts = {"X-Label": dataset.label, "X-Watermark": whole.watermark, "X-Edit": whole.edit}
    facts["X-Psi"] = None if whole.psi is None else str(whole.psi)
    return {
        "X-Model": served.pinned_name,
        "X-Resolution": str(dataset.resolution),
        "X-From-Seed": str(dataset.from_seed),
        "X-Count": str(dataset.count),
        **value_headers(served.card),
        **file_depth_headers(served.card, dataset.image_format),
        **{header: quote(value, safe=" @") for header, value in facts.items() if value is not None},
        "Content-Disposition": disposition(
            name, ARCHIVE_FORMATS[archive_format].extension, attachment=True
        ),
        "ETag": dataset.etag(archive_format),
        "Cache-Control": "no-store",
        "Accept-Ranges": "none",
    }
