"""Port and environment of a service that is started for a measurement or a test."""

from __future__ import annotations

import socket

import pytest

from bench.service_process import free_port, service_environment


def test_a_free_port_can_be_listened_on() -> None:
    """And while somebody listens there, another one is free."""
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        assert free_port() != port


def test_settings_of_this_machine_do_not_reach_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """All other variables do; numbers and paths become text."""
    monkeypatch.setenv("PROGAN_RATE_LIMIT", "1/hour")
    monkeypatch.setenv("KEPT", "yes")
    environment = service_environment({"port": 0, "credentials": "off"})

    assert {k: v for k, v in environment.items() if k.startswith("PROGAN_")} == {
        "PROGAN_PORT": "0",
        "PROGAN_CREDENTIALS": "off",
    }
    assert environment["KEPT"] == "yes"
