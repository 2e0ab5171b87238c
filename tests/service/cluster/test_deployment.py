"""The options that Ray is given; without a cluster."""

from __future__ import annotations

import pytest

from service.cluster.scaling import QueuedWorkPolicy
from service.settings import Settings

pytest.importorskip("ray", reason="the extra `cluster` is not installed")

from service.cluster.deployment import build, most_replicas, scaling_of, uses_device


def test_a_manifest_gives_no_arguments() -> None:
    """Settings, and keys among them, do not pass through Ray's configuration."""
    with pytest.raises(ValueError, match="set PROGAN_"):
        build({"PROGAN_API_KEYS": "secret"})
    assert build({}) is not None


def test_the_number_of_replicas_is_that_of_the_settings_or_of_the_room() -> None:
    """Without a cluster there is room for the least alone."""
    assert most_replicas(Settings(max_replicas=7), has_device=False) == 7
    assert most_replicas(Settings(min_replicas=2), has_device=True) == 2


def test_a_device_is_taken_where_the_settings_say_so() -> None:
    """Else if the cluster has some."""
    assert uses_device(Settings(device="cuda"))
    assert not uses_device(Settings(device="cpu"))
    assert not uses_device(Settings())


def test_ray_asks_our_policy_with_the_target_of_the_settings() -> None:
    """By its import path, which the controller imports."""
    scaling = scaling_of(Settings(target_queued_s=2.5, upscale_delay_s=3, downscale_delay_s=4), 9)

    assert (scaling.min_replicas, scaling.max_replicas) == (1, 9)
    assert (scaling.upscale_delay_s, scaling.downscale_delay_s) == (3, 4)
    assert scaling.policy.get_policy() is QueuedWorkPolicy
    assert scaling.policy.policy_kwargs == {"metric": "queued_s", "target_s": 2.5}
