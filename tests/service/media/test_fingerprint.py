"""The ETag of an answer."""

from __future__ import annotations

from service.batching.engine import EngineMode
from service.batching.recipe import Method, Point, Recipe, point_of
from service.media.fingerprint import etag_of

MODE = EngineMode("cpu", "fp32", "torch 2")
RECIPE = Recipe("m@1", point_of(7), 64)


def test_an_etag_is_strong_and_changes_with_all_that_determines_the_bytes() -> None:
    """Model, place, method, resolution, label, device, precision, libraries, encoder."""
    others = [
        Recipe("m@2", point_of(7), 64),
        Recipe("m@1", point_of(8), 64),
        Recipe("m@1", Point(7, 8, 0.5), 64),
        Recipe("m@1", Point(7, 8, 0.5, Method.LERP), 64),
        Recipe("m@1", point_of(7), 32),
        Recipe("m@1", point_of(7), 64, label="cat"),
    ]
    modes = [
        EngineMode("cuda:0", "fp32", "torch 2"),
        EngineMode("cpu", "bf16", "torch 2"),
        EngineMode("cpu", "fp32", "torch 3"),
    ]
    tags = [
        etag_of([RECIPE], MODE, "png 1"),
        etag_of([RECIPE], MODE, "png 2"),
        etag_of([RECIPE, RECIPE], MODE, "png 1"),
        *(etag_of([other], MODE, "png 1") for other in others),
        *(etag_of([RECIPE], mode, "png 1") for mode in modes),
    ]

    assert len(set(tags)) == len(tags)
    assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)
    assert etag_of([RECIPE], MODE, "png 1") == tags[0]
