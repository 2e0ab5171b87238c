"""An engine process: its settings and its device; its life is tested with the whole tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.processes.engine_process import exit_without_device, settings_of_process
from service.settings import Settings


def test_its_settings_are_those_of_the_environment_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that has changed since the start changes one process no more than another."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("PROGAN_MAX_BATCH=3\n")
    monkeypatch.setenv("PROGAN_BUNDLES", str(tmp_path))
    monkeypatch.setenv("PROGAN_THREADS", "5")

    assert (settings_of_process().threads, settings_of_process().max_batch) == (5, 8)


def test_a_device_that_is_not_there_ends_it_with_the_code_of_wrong_settings(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """The supervisor does not try again."""
    with pytest.raises(SystemExit) as ended:
        exit_without_device(settings.model_copy(update={"device": "cuda:97"}))

    assert ended.value.code == 2
    assert "CUDA" in capsys.readouterr().err
