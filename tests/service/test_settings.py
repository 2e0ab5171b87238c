"""Every setting: its default, and what it may be."""

from __future__ import annotations

import os

import pytest
from pydantic import ValidationError

from service.access.keys import digest_of
from service.settings import Settings, variable_of
from service.watermark.key import watermark_key


def test_by_default_it_listens_on_this_machine_alone() -> None:
    """Safe, and at the port the documentation names."""
    settings = Settings()

    assert (settings.host, settings.port) == ("127.0.0.1", 8000)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", 65536),
        ("operations_port", 65536),
        ("operations_port", 8000),
        ("host", "http://127.0.0.1"),
        ("host", "127.0.0.1:8000"),
        ("operations_host", "[::1]"),
        ("max_batch", 0),
        ("deadline_s", 0),
        ("deadline_s", "30s"),
        ("deadline_s", "nan"),
        ("batch_work_s", "inf"),
        ("stall_s", -1),
        ("drain_limit_s", 1e300),
        ("client_write_timeout_s", 10_000_000),
        ("queue_capacity", 63),
        ("queue_work_s", 0),
        ("max_body_bytes", "64k"),
        ("device", "gpu"),
        ("device", "cuda:first"),
        ("device", "cuda:1000"),
        ("precision", "fp16"),
        ("rate_limit", "many"),
        ("rate_limit", "0/minute"),
        ("rate_limit", "-5/minute"),
        ("rate_limit", "5/fortnight"),
        ("log_format", "xml"),
        ("threads", 0),
        ("threads", 100_000),
        ("encoders", 1.5),
        ("cors_origins", "https://one.example/page"),
        ("cors_origins", "one.example"),
        ("api_keys", " , "),
        ("api_keys", '["a"]'),
        ("api_keys", "[a]"),
        ("api_keys", "one two"),
        ("api_keys", "one;two"),
        ("api_keys", 'one,"two"'),
        ("api_keys", "schlüssel"),
        ("watermark", "always"),
        ("watermark_key", "too short"),
        ("no_such_setting", "1"),
    ],
)
def test_a_value_out_of_range_is_refused(name: str, value: object) -> None:
    """At start, not at the first request."""
    with pytest.raises(ValidationError):
        Settings.model_validate({name: value})


def test_a_list_is_written_with_commas() -> None:
    """Spaces and a comma at the end do no harm."""
    settings = Settings.model_validate(
        {"cors_origins": "https://one.example, http://localhost:3000,"}
    )

    assert settings.cors_origins == ("https://one.example", "http://localhost:3000")


@pytest.mark.parametrize(
    ("name", "written", "meant"),
    [
        ("device", "CUDA:0", "cuda:0"),
        ("log_level", "WARNING", "warning"),
        ("precision", "BF16", "bf16"),
    ],
)
def test_words_are_taken_in_any_case(name: str, written: str, meant: str) -> None:
    """As other programs take them."""
    assert getattr(Settings.model_validate({name: written}), name) == meant


def test_only_digests_of_keys_are_kept() -> None:
    """Whoever sees the settings in a log or a dump cannot use them."""
    settings = Settings.model_validate({"api_keys": "first-secret, 2nd+/secret=="})

    assert settings.api_keys == (digest_of("first-secret"), digest_of("2nd+/secret=="))
    assert "secret" not in repr(settings)


def test_settings_cannot_change_while_it_runs() -> None:
    """Parts share them."""
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]


def test_a_setting_has_the_name_of_its_variable() -> None:
    """With our prefix, in capitals."""
    assert variable_of("port") == "PROGAN_PORT"


@pytest.mark.parametrize(
    ("text", "folders"),
    [
        ("one", ["one"]),
        ("/a/b:c", ["/a/b", "c"]),
        ("b:a:b::", ["b", "a"]),
        (" a : b c ", ["a", "b c"]),
        (":", ["models/pretrained"]),
        ("", ["models/pretrained"]),
    ],
)
def test_bundles_lie_in_one_folder_or_several(text: str, folders: list[str]) -> None:
    """Separated as in PATH, in the order that is written; none means the shipped ones."""
    separated = text.replace(":", os.pathsep)

    assert [str(folder) for folder in Settings.model_validate({"bundles": separated}).bundles] == (
        folders
    )


def test_watermarks_are_off_until_they_are_switched_on() -> None:
    """An upgrade changes no pixel; the key is not kept as it was written."""
    own = Settings.model_validate(
        {"watermark": "on", "watermark_key": "an own key of the operator"}
    )

    assert (Settings().watermark, Settings().watermark_key) == (False, None)
    assert own.watermark
    assert own.watermark_key == watermark_key("an own key of the operator")
    assert "operator" not in repr(own)


def test_the_service_is_one_process_until_more_are_asked_for() -> None:
    """Front ends, or devices that need an engine each."""
    assert not Settings().has_processes
    assert Settings().engine_devices == (None,)
    assert Settings(device="cpu").engine_devices == ("cpu",)
    assert Settings(devices="cuda:1").engine_devices == ("cuda:1",)  # type: ignore[arg-type]
    assert not Settings(devices="cuda:1").has_processes  # type: ignore[arg-type]
    assert Settings(frontends=1).has_processes
    two = Settings(devices="CUDA:0, cuda:1")  # type: ignore[arg-type]
    assert (two.has_processes, two.engine_devices) == (True, ("cuda:0", "cuda:1"))


@pytest.mark.parametrize("text", ["cuda:0,cuda:0", "gpu", "cuda:0;cuda:1"])
def test_devices_that_cannot_be_meant_are_refused(text: str) -> None:
    """Two engines on one device would make each other slow."""
    with pytest.raises(ValidationError, match="different devices with commas"):
        Settings(devices=text)  # type: ignore[arg-type]
