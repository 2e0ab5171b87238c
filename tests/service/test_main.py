"""The command line: help, and settings that do not fit."""

from __future__ import annotations

import pytest

from service.__main__ import parser, read_settings
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
        read_settings()
    told = capsys.readouterr().err

    assert exit_.value.code == 2
    assert "\nPROGAN_PORT: " in f"\n{told}"
    assert "(it is 'abc')" in told
    assert "\nPROGAN_MAX_BATCH: " in f"\n{told}"
