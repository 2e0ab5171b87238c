"""Addresses and ports: the operations port is another one."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from service.network_settings import NetworkSettings


def test_the_two_ports_differ_unless_the_system_chooses_them() -> None:
    """0 is a free port each time."""
    assert NetworkSettings(port=0, operations_port=0).operations_port == 0
    with pytest.raises(ValidationError, match="another port than the pictures have"):
        NetworkSettings(port=8000, operations_port=8000)
