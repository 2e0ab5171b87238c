"""Options of a preparation, and their record."""

from typing import Any

import pytest

from training.data.manifest import DataError
from training.data.options import PrepareOptions


@pytest.mark.parametrize(
    "wrong",
    [{"resolution": 24}, {"resolution": 4}, {"channels": 2}, {"fit": "x"}, {"workers": 0}],
    ids=str,
)
def test_options_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    """Before anything is opened."""
    with pytest.raises(DataError, match=next(iter(wrong))):
        PrepareOptions(**wrong)


@pytest.mark.parametrize(
    "value_range", [(1, 1), (5, -5), (float("nan"), 1), (0, float("inf")), "all"], ids=str
)
def test_a_range_that_is_none_is_refused(value_range: Any) -> None:
    """Its lower end comes first, and both are numbers."""
    with pytest.raises(DataError, match="--range must be LOW:HIGH with LOW below HIGH"):
        PrepareOptions(value_range=value_range)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"channels": 3}, "--depth 16 is for gray, not for 3 channels: leave --channels out"),
        ({"value_range": "auto"}, "--range=auto scales each picture by itself"),
        ({"value_range": (5, 1)}, "LOW below HIGH"),
    ],
)
def test_sixteen_bits_are_gray_and_have_one_range(wrong: dict[str, Any], message: str) -> None:
    """Otherwise a pixel would stand for no value."""
    with pytest.raises(DataError, match=message):
        PrepareOptions(bit_depth=16, **wrong)


def test_the_record_of_old_options_is_what_it_always_was() -> None:
    """Folders of earlier releases are found again; what was added shows only where it is used."""
    assert list(PrepareOptions(workers=3).to_dict()) == [
        "resolution",
        "channels",
        "fit",
        "strict",
        "licence",
        "attribution",
    ]
    used = PrepareOptions(shape=(4, 6), value_range=(-1.5, 2), keep_profile=True).to_dict()
    assert used["shape"] == [4, 6]
    assert (used["value_range"], used["keep_profile"]) == ([-1.5, 2], True)
