"""Settings of replicas: their number."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from service.cluster_settings import ClusterSettings


def test_the_most_replicas_are_not_fewer_than_the_least() -> None:
    """The sentence names the other variable; without a most there is nothing to compare."""
    assert ClusterSettings(min_replicas=3, max_replicas=3).max_replicas == 3
    assert ClusterSettings(min_replicas=3).max_replicas is None
    with pytest.raises(ValidationError, match="write 3 or more: PROGAN_MIN_REPLICAS is 3"):
        ClusterSettings(min_replicas=3, max_replicas=2)
