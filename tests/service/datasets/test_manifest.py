"""Records of the manifest: one form for writing and reading, one digest over all pictures."""

from __future__ import annotations

import hashlib

import pytest
from pydantic import ValidationError

from service.datasets.manifest import PictureRecord, PicturesDigest
from tests.service.dataset_files import painted_dataset


def record(seed: int) -> PictureRecord:
    """The record of a picture with the digest of its seed."""
    digest = hashlib.sha256(b"%d" % seed).hexdigest()
    return PictureRecord(
        file=f"{seed}.png", seed=str(seed), label="é", class_index=1, pixel_sha256=digest
    )


def test_a_record_is_one_line_of_json() -> None:
    """And is read back as it was."""
    line = record(7).as_json()

    assert b"\n" not in line
    assert PictureRecord.model_validate_json(line) == record(7)


@pytest.mark.parametrize(
    "change", [{"seed": "7.0"}, {"pixel_sha256": "00"}, {"file": None}, {"unknown": 1}]
)
def test_a_record_of_another_form_is_refused(change: dict[str, object]) -> None:
    """A torn or foreign line never counts as a picture."""
    with pytest.raises(ValidationError):
        PictureRecord.model_validate(record(7).model_dump() | change)


def test_the_closing_record_is_the_digest_of_all_digests_in_order() -> None:
    """As anyone can compute it from the manifest."""
    digest = PicturesDigest()
    for seed in range(3, 6):
        digest.add(record(seed))
    raw = b"".join(bytes.fromhex(record(seed).pixel_sha256) for seed in range(3, 6))
    closing = digest.completion(3)

    assert closing.pictures_sha256 == hashlib.sha256(raw).hexdigest()
    assert (closing.complete, closing.from_seed, closing.count) == (True, "3", 3)


def test_the_description_names_what_is_due() -> None:
    """Model, licence and credit, for whoever finds the file without its context."""
    description = painted_dataset(5, 2).description()

    assert description.model.startswith("painter-32@")
    assert (description.licence, description.credit) == ("MIT", "nobody")
    assert (description.from_seed, description.count) == ("5", 2)
    assert (description.width, description.height, description.channels) == (4, 4, 3)
