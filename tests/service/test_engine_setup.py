"""The engine that the settings ask for."""

from __future__ import annotations

from service.engine_setup import available_cores


def test_there_is_a_core() -> None:
    """At least the one this runs on."""
    assert available_cores() >= 1
