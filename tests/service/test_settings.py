"""Every setting: where it comes from, what it may be, what help says."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from service.access.keys import digest_of
from service.settings import Settings, describe_settings, unknown_variables, variable_of


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable and no `.env` of the machine."""
    for name in ("PORT", *map(variable_of, Settings.model_fields)):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_without_any_variable_it_listens_at_home_only() -> None:
    """Safe, and at the port the documentation names."""
    settings = Settings()

    assert (settings.host, settings.port) == ("127.0.0.1", 8000)


@pytest.mark.parametrize(
    ("variables", "port"),
    [({"PORT": "9000"}, 9000), ({"PORT": "9000", "PROGAN_PORT": "9001"}, 9001)],
)
def test_the_port_is_ours_before_it_is_anyones(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], port: int
) -> None:
    """`PORT` is what platforms set."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert Settings().port == port


def test_a_file_in_the_working_folder_is_read_and_may_hold_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Compose keeps other variables there; the environment goes first."""
    Path(".env").write_text("PROGAN_DEADLINE_S=5\nPROGAN_MAX_BATCH=2\nPORT=9000\nOTHER=x\n")
    monkeypatch.setenv("PROGAN_MAX_BATCH", "4")
    settings = Settings()

    assert (settings.deadline_s, settings.max_batch, settings.port) == (5.0, 4, 9000)


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose passes `${PROGAN_DEVICE:-}` so."""
    operations = ("OPERATIONS_PORT", "OPERATIONS_HOST")
    for name in ("DEVICE", "THREADS", "ENCODERS", "DEFAULT_MODEL", "RATE_LIMIT", *operations):
        monkeypatch.setenv(f"PROGAN_{name}", "")
    settings = Settings()

    assert (settings.device, settings.threads, settings.encoders) == (None, None, None)
    assert (settings.default_model, settings.rate_limit) == (None, None)
    assert (settings.operations_port, settings.operations_host) == (None, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", 65536),
        ("operations_port", 65536),
        ("operations_port", 8000),
        ("max_batch", 0),
        ("deadline_s", 0),
        ("queue_capacity", 63),
        ("queue_work_s", 0),
        ("rate_limit", "many"),
        ("rate_limit", "0/minute"),
        ("rate_limit", "5/fortnight"),
        ("log_format", "xml"),
        ("threads", 0),
        ("cors_origins", "https://one.example/page"),
        ("cors_origins", "one.example"),
        ("api_keys", " , "),
    ],
)
def test_a_value_out_of_range_is_refused(name: str, value: object) -> None:
    """At start, not at the first request."""
    with pytest.raises(ValidationError):
        Settings.model_validate({name: value})


def test_a_list_is_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spaces and a comma at the end do no harm."""
    monkeypatch.setenv("PROGAN_CORS_ORIGINS", "https://one.example, http://localhost:3000,")

    assert Settings().cors_origins == ("https://one.example", "http://localhost:3000")


def test_keys_are_forgotten_as_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sees the settings in a log or a dump cannot use them."""
    monkeypatch.setenv("PROGAN_API_KEYS", "first-secret, second-secret")
    settings = Settings()

    assert settings.api_keys == (digest_of("first-secret"), digest_of("second-secret"))
    assert "secret" not in repr(settings)


def test_no_key_at_all_is_an_open_door(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default, and what an empty variable means."""
    monkeypatch.setenv("PROGAN_API_KEYS", "")

    assert Settings().api_keys == ()


def test_settings_cannot_change_while_it_runs() -> None:
    """Parts share them."""
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]


def test_help_has_a_line_for_every_setting() -> None:
    """With its variable, its meaning and its default."""
    lines = list(describe_settings())

    assert len(lines) == len(Settings.model_fields)
    for line, (name, field) in zip(lines, Settings.model_fields.items(), strict=True):
        assert line.startswith(variable_of(name))
        assert field.description
        assert field.description in line


def test_a_misspelt_variable_is_found() -> None:
    """It would have no effect, without a word."""
    environment = ["PROGAN_PORT", "PROGAN_DEADLINE", "PATH"]

    assert unknown_variables(environment) == ["PROGAN_DEADLINE"]
