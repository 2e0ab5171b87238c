"""The command line: help, and settings that do not fit."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from service.__main__ import parser, run_command, runtime_or_exit, settings_or_exit
from service.settings import Settings, variable_of

ROOT = Path(__file__).parents[2]


def test_help_lists_every_setting() -> None:
    """So that nobody has to read the source."""
    text = parser().format_help()

    assert all(variable_of(name) in text for name in Settings.model_fields)


def test_a_command_that_is_stopped_ends_without_a_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By Ctrl-C while its model is loaded, for example."""

    def stop(_options: argparse.Namespace, _settings: Settings) -> int:
        raise KeyboardInterrupt

    assert run_command(argparse.Namespace(run=stop), Settings()) == 130
    assert capsys.readouterr().err == "stopped\n"


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


def test_a_chain_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And code 2, as for all other settings; a pipe in its place does not make the start wait."""
    os.mkfifo(tmp_path / "chain.pem")
    settings = Settings(
        credentials_key=tmp_path / "key.pem", credentials_chain=tmp_path / "chain.pem"
    )

    with pytest.raises(SystemExit) as exit_:
        runtime_or_exit(settings)
    told = capsys.readouterr().err

    assert exit_.value.code == 2
    assert told.startswith(f"PROGAN_CREDENTIALS_CHAIN: {tmp_path}/chain.pem cannot be read")
    assert told.count("\n") == 1


def test_a_port_that_is_taken_is_one_sentence() -> None:
    """With the way out, before anything is loaded."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "service"],
            cwd=ROOT,
            env=os.environ | {"PROGAN_PORT": str(port)},
            capture_output=True,
            text=True,
            check=False,
        )

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr == (
        f"port {port} of 127.0.0.1 is taken (address already in use): "
        "choose another one, as in  PORT=9000 make serve\n"
    )


def test_in_a_terminal_the_last_line_is_the_address(bundles: Path) -> None:
    """That can be opened; before it, in words, what happens meanwhile."""
    pty = pytest.importorskip("pty")
    terminal, of_process = pty.openpty()
    settings = {"PROGAN_PORT": "0", "PROGAN_BUNDLES": str(bundles), "PROGAN_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "service"],
        cwd=ROOT,
        env=os.environ | settings,
        stdin=of_process,
        stdout=of_process,
        stderr=of_process,
    ) as process:
        os.close(of_process)
        text = ""
        while "\nready: " not in text or not text.endswith("\n"):
            text += os.read(terminal, 65536).decode()
        lines = text.splitlines()
        url = lines[-1].removeprefix("ready: ")
        status = httpx2.get(f"{url}/health/ready").status_code
        process.send_signal(signal.SIGTERM)
        process.wait()
    os.close(terminal)

    assert status == 200
    assert any(f"running on {url}; the models are loading" in line for line in lines)
    assert not any("{" in line for line in lines)
