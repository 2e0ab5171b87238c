"""Which pictures have a watermark, and that it cannot be chosen."""

from __future__ import annotations

import pytest

from service.batching.engine import ModelInfo
from service.batching.watermarks import require_watermark, watermark_at
from service.errors import OutOfRange
from tests.service.painter import MODE, card_named


@pytest.mark.parametrize(
    ("watermark", "at_64", "at_128"),
    [
        (None, None, None),
        ("1", "none", "1"),
        ("1-ab", "none", "1-ab"),
        ("none", "none", "none"),  # of a model of 16 bits
    ],
)
def test_pictures_of_128_px_and_more_are_marked(
    watermark: str | None, at_64: str | None, at_128: str | None
) -> None:
    """If watermarks are on; smaller ones say that they are not."""
    served = ModelInfo(card_named("large", 256), MODE, watermark)

    assert [watermark_at(served, 64), watermark_at(served, 128)] == [at_64, at_128]
    assert require_watermark(served, 128, None) == at_128


@pytest.mark.parametrize(
    ("watermark", "asked", "allowed"), [("1", "none", ["1"]), ("1", "2", ["1"]), (None, "1", [])]
)
def test_a_watermark_cannot_be_chosen(
    watermark: str | None, asked: str, allowed: list[str]
) -> None:
    """An address that names another one is refused and never gives other pixels."""
    served = ModelInfo(card_named("large", 256), MODE, watermark)

    with pytest.raises(OutOfRange, match="leave it out") as refused:
        require_watermark(served, 256, asked)
    assert refused.value.members["allowed"] == allowed


def test_the_watermark_of_an_address_is_accepted() -> None:
    """As the service wrote it."""
    served = ModelInfo(card_named("large", 256), MODE, "1")

    assert require_watermark(served, 256, "1") == "1"
