"""The command line: help, and settings that do not fit."""

from __future__ import annotations

import asyncio
import signal

import pytest
import uvicorn

from service.__main__ import DrainingServer, parser, settings_or_exit
from service.composition import ServiceRuntime
from service.settings import Settings, variable_of


def test_help_lists_every_setting() -> None:
    """So that nobody has to read the source."""
    text = parser().format_help()

    assert all(variable_of(name) in text for name in Settings.model_fields)


def test_settings_that_do_not_fit_are_named_with_their_values(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of them at once, by the names they are set by, without a traceback."""
    monkeypatch.setenv("PROGAN_PORT", "abc")
    monkeypatch.setenv("PROGAN_MAX_BATCH", "0")
    with pytest.raises(SystemExit) as exit_:
        settings_or_exit()
    told = capsys.readouterr().err

    assert exit_.value.code == 2
    assert "\nPROGAN_PORT: " in f"\n{told}"
    assert "(it is 'abc')" in told
    assert "\nPROGAN_MAX_BATCH: " in f"\n{told}"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("device", "cuda:99", "this machine has"),
        ("precision", "bf16", "PROGAN_PRECISION bf16: cpu cannot compute in it"),
    ],
)
def test_a_device_that_is_not_there_ends_the_start(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    sentence: str,
) -> None:
    """Rather than to stay not ready for ever, or to compute in something else."""
    monkeypatch.setattr("service.engine.available._has_bf16", lambda _: False)
    monkeypatch.setenv("PROGAN_DEVICE", "cpu")
    monkeypatch.setenv(f"PROGAN_{name.upper()}", value)
    with pytest.raises(SystemExit) as exit_:
        settings_or_exit()

    assert exit_.value.code == 2
    assert sentence in capsys.readouterr().err


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
    monkeypatch.setattr(runtime, "begin_drain", lambda: asked.append("drain"))
    monkeypatch.setattr("os.isatty", lambda _: terminal_at_start)
    server = DrainingServer(uvicorn.Config("none"), runtime)
    monkeypatch.setattr("os.isatty", lambda _: terminal_later)
    for _ in range(2):
        server.handle_hang_up(signal.SIGHUP, None)
    for _ in range(2):
        asyncio.run(server.on_tick(1))

    assert asked == (["look"] if reads else ["drain", "drain"])
    assert server.should_exit is not reads
