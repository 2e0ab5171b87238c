"""The entrance of translating networks: a rule that must not change."""

from __future__ import annotations

import pytest
import torch

from models.entrance import ClassPoint
from models.families.source_entrance import SourceEntrance

ENTRANCE = SourceEntrance(3, 2)


def test_the_entry_vector_is_the_source_then_the_domain() -> None:
    """Frozen: bundles give the same pictures for ever."""
    source = torch.tensor([-1.0, 0.25, 1.0])

    assert ENTRANCE.size == 5
    assert ENTRANCE.enter(source, ClassPoint(0, 0)).tolist() == [-1.0, 0.25, 1.0, 1.0, 0.0]
    assert ENTRANCE.enter(source, ClassPoint(1, 1)).tolist() == [-1.0, 0.25, 1.0, 0.0, 1.0]


@pytest.mark.parametrize("point", [None, ClassPoint(0, 1, 0.5)])
def test_one_domain_is_needed(point: ClassPoint | None) -> None:
    """There is nothing between two domains."""
    with pytest.raises(ValueError, match="needs one domain"):
        ENTRANCE.enter(torch.zeros(3), point)
