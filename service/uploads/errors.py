"""Errors of uploaded pictures, each of which the client can correct.

    RequestError
    |-- PictureTooLarge  413  more pixels, frames or metadata than are read
    |-- PictureNotTaken  415  a format that is not read
    `-- PictureDamaged   422  it cannot be decoded

Owns these classes. Knows no format.
"""

from __future__ import annotations

from collections.abc import Mapping

from service.errors import RequestError


class PictureTooLarge(RequestError):
    """The picture has more pixels, frames or parts than the service reads."""

    status = 413
    kind = "picture-too-large"
    title = "The picture is too large"


class PictureNotTaken(RequestError):
    """The content is in no format that the service reads.

    Args:
        detail: message for the client.
        allowed: media types that are read.
    """

    status = 415
    kind = "picture-not-taken"
    title = "This format is not read"

    def __init__(self, detail: str, allowed: tuple[str, ...]) -> None:
        super().__init__(detail, allowed=list(allowed))
        self.headers: Mapping[str, str] = {"Accept": ", ".join(allowed)}  # RFC 9110, 15.5.16


class PictureDamaged(RequestError):
    """The content begins like a picture and cannot be decoded."""

    status = 422
    kind = "picture-damaged"
    title = "The picture cannot be decoded"
