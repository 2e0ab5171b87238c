"""Settings from variables: what counts, what is ignored with a word, what stops the start."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.access.keys import digest_of
from service.env_file import SettingsError
from service.environment import (
    RENAMED,
    describe_settings,
    read_settings,
    setting_variables,
    unknown_variables,
)
from service.settings import Settings, variable_of

ROOT = Path(__file__).parents[2]
NO_FILE = Path("no-such-folder/.env")
VARIABLES = sorted(map(variable_of, Settings.model_fields))


def read(**environment: str) -> Settings:
    """The settings of these variables alone, without a word of warning."""
    settings, warnings = read_settings(environment, NO_FILE)
    assert warnings == []
    return settings


@pytest.mark.parametrize("value", ["", "  ", "\t\r\n"])
@pytest.mark.parametrize("name", [*VARIABLES, *RENAMED, "PORT"])
def test_an_empty_variable_is_as_good_as_none(name: str, value: str) -> None:
    """For every setting: Compose and Kubernetes pass `${PROGAN_DEVICE:-}` so."""
    assert read(**{name: value}) == Settings()


def test_an_empty_variable_leaves_what_the_file_says(tmp_path: Path) -> None:
    """So a key in the file stays a key."""
    file = tmp_path / ".env"
    file.write_text("PROGAN_API_KEYS=first\nPROGAN_MAX_BATCH=2\nPROGAN_HOST=\nPORT=9000\nOTHER=x\n")
    settings, warnings = read_settings({"PROGAN_API_KEYS": "", "PROGAN_MAX_BATCH": "4"}, file)

    assert settings.api_keys == (digest_of("first"),)
    assert (settings.max_batch, settings.host, settings.port) == (4, "127.0.0.1", 9000)
    assert warnings == []


@pytest.mark.parametrize(
    ("variables", "port"),
    [
        ({"PORT": "9000"}, 9000),
        ({"PORT": "9000", "PROGAN_PORT": "9001"}, 9001),
        ({"progan_port": " 9002\r"}, 9002),
    ],
)
def test_the_port_is_ours_before_it_is_anyones(variables: dict[str, str], port: int) -> None:
    """`PORT` is what hosting platforms set; names are taken in any case."""
    assert read(**variables).port == port


@pytest.mark.parametrize(("old", "setting"), sorted(RENAMED.items()))
def test_an_old_name_goes_on_working_with_a_warning(old: str, setting: str) -> None:
    """And the new one goes first."""
    settings, warnings = read_settings({old: "2000000"[: 2 if "_S" in old else None]}, NO_FILE)
    both = {old: "3000000"[: 2 if "_S" in old else None], variable_of(setting): "1100000"[:7]}

    assert getattr(settings, setting) in (20, 2000000)
    assert warnings == [f"{old} is now called {variable_of(setting)}"]
    if "_S" not in old:
        assert getattr(read_settings(both, NO_FILE)[0], setting) == 1100000


@pytest.mark.parametrize(
    "variables",
    [
        {
            "PROGAN_SERVICE_HOST": "10.0.0.1",
            "PROGAN_SERVICE_PORT": "8000",
            "PROGAN_SERVICE_PORT_HTTP": "8000",
            "PROGAN_PORT": "tcp://10.0.0.1:8000",
            "PROGAN_PORT_8000_TCP": "tcp://10.0.0.1:8000",
            "PROGAN_PORT_8000_TCP_PROTO": "tcp",
            "PROGAN_PORT_8000_TCP_PORT": "8000",
            "PROGAN_PORT_8000_TCP_ADDR": "10.0.0.1",
        },
        {
            "PROGAN_OPERATIONS_SERVICE_HOST": "10.0.0.2",
            "PROGAN_OPERATIONS_PORT": "tcp://[fd00::2]:9000",
            "PROGAN_OPERATIONS_PORT_9000_TCP_ADDR": "fd00::2",
        },
        {"PROGAN_NAME": "/web/progan", "PROGAN_ENV_PROGAN_API_KEYS": "x", "PORT": "udp://1:2"},
    ],
)
def test_what_a_platform_sets_for_a_service_of_our_name_is_ignored(
    variables: dict[str, str],
) -> None:
    """Kubernetes and Docker give addresses of services to all their containers."""
    assert read(**variables) == Settings()


def test_a_port_of_ours_counts_beside_the_platforms(tmp_path: Path) -> None:
    """The address is as good as none, so the file's port holds."""
    file = tmp_path / ".env"
    file.write_text("PROGAN_PORT=9000\n")

    assert read_settings({"PROGAN_PORT": "tcp://10.0.0.1:8000"}, file)[0].port == 9000


@pytest.mark.parametrize(
    "name",
    [
        "PROGAN_API_KEY",
        "PROGAN_APIKEYS",
        "PROGAN_KEYS",
        "progan_api_keys_file",
        "PROGAN_API_KYES",
        "PROGAN_TOKEN",
        "PROGAN_BASIC_AUTH",
        "PROGANAPI_KEYS",
        "PROGAN-API-KEYS",
        "PROGRAN_API_KEYS",
        "PORGAN_API_KEY",
    ],
)
@pytest.mark.parametrize("value", ["secret", ""])
def test_a_misspelt_key_stops_the_start(name: str, value: str, tmp_path: Path) -> None:
    """In the environment and in the file; else the service would stand open."""
    file = tmp_path / ".env"
    file.write_text(f"PROGAN_PORT=9000\n{name}={value}\n")
    with pytest.raises(SettingsError, match="write PROGAN_API_KEYS, or remove it") as in_file:
        read_settings({}, file)
    with pytest.raises(SettingsError, match="write PROGAN_API_KEYS, or remove it"):
        read_settings({name: value}, NO_FILE)

    assert f"{file}, line 2" in str(in_file.value)
    assert "secret" not in str(in_file.value)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PROGAN_CREDENTIAL_KEY", "PROGAN_CREDENTIALS_KEY"),
        ("PROGAN_CREDENTIALS_KEYS", "PROGAN_CREDENTIALS_KEY"),
        ("PROGAN_WATERMARKS_KEY", "PROGAN_WATERMARK_KEY"),
        ("PROGAN_WATERMARK_KEYS", "PROGAN_WATERMARK_KEY"),
    ],
)
def test_a_misspelt_key_of_another_purpose_is_no_api_key(name: str, meant: str) -> None:
    """The advice must work when it is followed."""
    with pytest.raises(SettingsError, match=f"write {meant}, or remove it"):
        read_settings({name: "key.pem"}, NO_FILE)


def test_a_key_without_our_prefix_stops_the_start_in_our_file_alone(tmp_path: Path) -> None:
    """The environment holds keys of others."""
    file = tmp_path / ".env"
    file.write_text("API_KEYS=secret\n")
    with pytest.raises(SettingsError, match="PROGAN_API_KEYS"):
        read_settings({}, file)

    others = ["API_KEYS", "API_KEY", "OPENAI_API_KEY", "PROGRAM_TOKEN", "ORGAN_KEYS"]
    assert read(**dict.fromkeys(others, "x")) == Settings()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("PROGAN_DEADLINE", "did you mean PROGAN_DEADLINE_S?"),
        ("PROGAN_HOTS", "did you mean PROGAN_HOST?"),
        ("PROGRAN_MAX_BATCH", "did you mean PROGAN_MAX_BATCH?"),
        ("PROGAN_SOMETHING_ELSE_ENTIRELY", "see python -m service --help"),
    ],
)
def test_other_misspelt_names_are_told_of(name: str, hint: str, tmp_path: Path) -> None:
    """They would have no effect, without a word."""
    file = tmp_path / ".env"
    file.write_text(f"{name}=1\n")
    told = f"{name} is no setting and has no effect"

    assert read_settings({name: "1"}, NO_FILE) == (Settings(), [f"{told}: {hint}"])
    assert read_settings({}, file) == (Settings(), [f"{told} ({file}, line 1): {hint}"])
    assert unknown_variables([name, "PATH", "PROGAN_PORT", "PORT", "PROGRAM_HOST"]) == [name]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PROGAN_DEVICE", "gpu", "write cpu, cuda or cuda:0"),
        ("PROGAN_PRECISION", "fp16", "write one of auto, fp32, bf16"),
        ("PROGAN_DEADLINE_S", "30s", "write a number of seconds above 0 to 10000000, the number"),
        ("PROGAN_DEADLINE_S", "-1", "write a number of seconds above 0"),
        ("PROGAN_STALL_S", "NaN", "write a number of seconds above 0"),
        ("PROGAN_MAX_BODY_BYTES", "64kB", "write a whole number from 0"),
        ("PORT", "http", "write a whole number from 0 to 65535"),
        ("PROGAN_THREADS", "2.5", "write a whole number from 1 to 1024"),
        ("PROGAN_PORT", '"8000"', "write it without"),
        ("PROGAN_API_KEYS", '"secret"', "write it without"),
        ("PROGAN_API_KEYS", '["secret"]', "write the keys alone, with commas"),
        ("PROGAN_API_KEYS", "secret-ü", "a key is visible ASCII"),
        ("PROGAN_WATERMARK", "always", "write on or off"),
        ("PROGAN_WATERMARK_KEY", "secret", "write a random one, as `openssl rand -hex 32`"),
        ("PROGAN_BUNDLES", __file__, "is no folder: name the folder that holds the bundles"),
        ("PROGAN_BUNDLES", "x" * 5000, "does not exist: name the folder that holds"),
        ("PROGAN_BUNDLES", "/no/such/folder", "does not exist: name the folder that holds"),
    ],
)
def test_each_fault_is_one_sentence_with_the_variables_name(
    name: str, value: str, sentence: str
) -> None:
    """With what is allowed; keys are never shown."""
    with pytest.raises(SettingsError) as wrong:
        read_settings({name: value}, NO_FILE)
    (fault,) = wrong.value.faults

    assert fault.startswith(f"{name}: ")
    assert sentence in fault
    assert "\n" not in fault
    assert "secret" not in fault


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """With the place of those in the file."""
    file = tmp_path / ".env"
    file.write_text("PROGAN_MAX_BATCH=0\n")
    with pytest.raises(SettingsError) as wrong:
        read_settings({"PROGAN_PORT": "abc"}, file)

    assert [f.partition(":")[0] for f in wrong.value.faults] == ["PROGAN_PORT", "PROGAN_MAX_BATCH"]
    assert wrong.value.faults[0].endswith("(it is 'abc')")
    assert wrong.value.faults[1].endswith(f"({file}, line 1)")


@given(st.sampled_from(VARIABLES), st.text(st.characters(exclude_characters="\0"), max_size=20))
def test_any_value_is_taken_or_refused_with_sentences(name: str, value: str) -> None:
    """Nothing else can happen at the start."""
    try:
        read_settings({name: value}, NO_FILE)
        faults: tuple[str, ...] = ()
    except SettingsError as error:
        faults = error.faults

    assert all(fault.startswith(name) for fault in faults)


def test_help_has_a_line_for_every_setting() -> None:
    """With its variable, its meaning and its default."""
    lines = list(describe_settings())

    assert len(lines) == len(Settings.model_fields)
    for line, (name, field) in zip(lines, Settings.model_fields.items(), strict=True):
        assert line.startswith(variable_of(name))
        assert field.description
        assert field.description in line


def test_the_documentation_has_a_row_for_every_setting() -> None:
    """With the description and default of `--help`."""
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| `?(.+?)`? \|$", page, re.MULTILINE)
    told = [f"{name:<34} {meaning} [{default}]" for name, meaning, default in rows]

    assert told == list(describe_settings())


def test_files_of_containers_name_only_variables_that_exist() -> None:
    """As for the pages of the documentation, which the tests of the house read."""
    files = [*ROOT.glob("docker/**/*.y*ml"), *ROOT.glob("docker/*ockerfile")]
    files += [ROOT / "docker-compose.yml", ROOT / ".env.example"]
    text = "".join(file.read_text(encoding="utf-8") for file in files)

    assert set(re.findall(r"PROGAN_[A-Z0-9_]+", text)) <= set(VARIABLES)


def test_all_that_is_set_can_be_handed_to_another_process(tmp_path: Path) -> None:
    """As the environment and the file together mean it."""
    file = tmp_path / ".env"
    file.write_text("PROGAN_THREADS=3\nPROGAN_MAX_BATCH=4\n")
    environment = {"PROGAN_MAX_BATCH": "5", "PORT": "9000", "PROGAN_ENCODERS": "", "HOME": "/"}

    assert setting_variables(environment, file) == {
        "PROGAN_THREADS": "3",
        "PROGAN_MAX_BATCH": "5",
        "PROGAN_PORT": "9000",
    }
