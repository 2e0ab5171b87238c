"""Settings that replicas cannot keep."""

from __future__ import annotations

import pytest

from service.cluster.suitable_settings import require_suitable
from service.env_file import SettingsError
from service.settings import Settings


@pytest.mark.parametrize(
    ("values", "advice"),
    [
        ({"operations_port": 9000}, "PROGAN_OPERATIONS_PORT: .* leave it unset"),
        ({"devices": ("cpu",)}, "PROGAN_DEVICES: .* PROGAN_MIN_REPLICAS"),
        ({"frontends": 2}, "PROGAN_FRONTENDS: .* PROGAN_MIN_REPLICAS"),
        ({"device": "cuda:1"}, "PROGAN_DEVICE: .* write cuda, without a number"),
    ],
)
def test_what_replicas_cannot_keep_is_refused_with_advice(
    values: dict[str, object], advice: str
) -> None:
    """Before anything starts."""
    with pytest.raises(SettingsError) as refused:
        require_suitable(Settings.model_validate(values))

    assert len(refused.value.faults) == 1
    assert refused.match(advice)


def test_a_device_without_a_number_suits() -> None:
    """So do the defaults, and what the advice says."""
    require_suitable(Settings())
    require_suitable(Settings(device="cuda", min_replicas=2))
