"""Names in the Content Credentials of our files, and the media types that can carry them.

Owns what the writer and the reader must agree on. Knows neither keys nor files.
"""

from __future__ import annotations

from typing import Final

ACTIONS: Final = "c2pa.actions.v2"
FACTS_ASSERTION: Final = "progan.metadata"  # JSON-LD; `.metadata` is the standard's ending for it
FACTS_PREFIX: Final = "progan"
FACTS_NAMESPACE: Final = "urn:progan:facts#"  # as in XMP
RIGHTS_ASSERTION: Final = "cawg.metadata"  # the standard's place for what people state

PNG: Final = "image/png"
# The media type of a file -> the type under which the standard knows its container.
CONTAINERS: Final = {
    PNG: PNG,
    "image/apng": PNG,
    "image/jpeg": "image/jpeg",
    "image/webp": "image/webp",
    "image/gif": "image/gif",
    "video/mp4": "video/mp4",
}
