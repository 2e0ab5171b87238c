"""What OpenAPI says of pictures and of errors."""

from __future__ import annotations

from service.http.routes.documentation import GENERATE, REPRODUCE, WALK, problems
from service.media.animation import MOVING_FORMATS
from service.media.encoding import FORMATS


def test_every_media_type_that_is_given_is_documented() -> None:
    """Also those of formats that are added later."""
    assert set(REPRODUCE[200]["content"]) == {each.media_type for each in FORMATS.values()}
    assert set(WALK[200]["content"]) > {each.media_type for each in MOVING_FORMATS.values()}
    assert "application/zip" in GENERATE[200]["content"]


def test_errors_are_documented_as_problems() -> None:
    """Each with its status."""
    told = problems(404, 503)

    assert set(told) == {404, 503}
    assert all(set(each["content"]) == {"application/problem+json"} for each in told.values())
