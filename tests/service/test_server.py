"""The server of the pictures: its signals, and the order of its end."""

from __future__ import annotations

import asyncio
import signal

import pytest
import uvicorn

from service.composition import ServiceRuntime
from service.http.connections import ConnectionLimits
from service.server import DrainingServer
from service.settings import Settings


@pytest.mark.parametrize(
    ("terminal_at_start", "terminal_later", "reads"),
    [(False, False, True), (True, True, True), (True, False, False)],
)
def test_a_hang_up_reads_the_bundles_unless_the_terminal_has_gone(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    terminal_at_start: bool,
    terminal_later: bool,
    reads: bool,
) -> None:
    """Then it drains; and telling it twice, as shell and kernel do, changes nothing."""
    runtime = ServiceRuntime(settings)
    asked: list[str] = []
    monkeypatch.setattr(runtime, "look_for_models", lambda: asked.append("look"))
    monkeypatch.setattr(runtime, "announce_drain", lambda: asked.append("announce"))
    monkeypatch.setattr(runtime, "begin_drain", lambda: asked.append("drain"))
    monkeypatch.setattr("os.isatty", lambda _: terminal_at_start)
    server = DrainingServer(uvicorn.Config("none"), runtime, ConnectionLimits(2, 2))
    monkeypatch.setattr("os.isatty", lambda _: terminal_later)
    for _ in range(2):
        server.handle_hang_up(signal.SIGHUP, None)
    for _ in range(2):
        asyncio.run(server.on_tick(1))

    assert asked == (["look"] if reads else ["announce", "drain"] * 2)
    assert server.should_exit is not reads
