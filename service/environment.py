"""Settings from the environment and from `.env`: accepted names, warnings and faults.

Owns the precedence of the two, the handling of names that were renamed, misspelt or set by a
platform, the message for each fault, and the list that `python -m service --help` prints. A fault
stops the start, so that no mistake opens the service to all or makes it unusable. No message
contains a key.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from service.env_file import ENV_FILE, SettingsError, Variable, read_env_file
from service.setting_types import PREFIX
from service.settings import Settings, variable_of

PLATFORM_PORT = "PORT"  # set by hosting platforms; PROGAN_PORT has precedence
KEYS = "api_keys"
SECRETS = (KEYS, "watermark_key")  # whose values no message repeats
RENAMED = {
    "PROGAN_OLD_DIGEST_S": "retired_model_s",
    "PROGAN_READING_S": "client_write_timeout_s",
    "PROGAN_SILENCE_S": "stall_s",
    "PROGAN_WALK_DEADLINE_S": "interpolation_deadline_s",
    "PROGAN_WALK_FRAMES": "interpolation_frames",
    "PROGAN_WALK_PIXELS": "interpolation_pixels",
    "PROGAN_WALK_WINDOW": "interpolation_window",
}
KNOWN = {variable_of(name): name for name in Settings.model_fields}
SETTING_OF = {PLATFORM_PORT: "port", **RENAMED, **KNOWN}

# Kubernetes and Docker links set these for a service named progan, or progan-something; also
# variables that end with _PORT and have an address as value.
OF_PLATFORM = re.compile(
    r"PROGAN_(\w+_)?(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
    r"|PROGAN_ENV_\w+|PROGAN_NAME"
)
PLATFORM_ADDRESS = re.compile(r"(tcp|udp|sctp)://\S*")
QUOTES = "\"'`\u2018\u2019\u201c\u201d"
KEY_NAME = re.compile(
    r"(API_?|ACCESS_?)?KEYS?|(AUTH_?)?TOKENS?|SECRETS?|PASS|PWD|PASSWORDS?|PASSPHRASES?"
    r"|AUTH|AUTHORIZATION|BEARER|CREDENTIALS?"
)
# A misspelt one of these is no API key.
KEY_SETTINGS = {
    name
    for name in KNOWN
    if name.startswith((variable_of("credentials_"), variable_of("watermark_")))
}
RESEMBLANCE = 0.8  # 1 for equal names; allows about two letters changed, missing or added


@dataclass
class _Reading:
    """Variables, warnings and faults found so far.

    Attributes:
        values: variables by the name of the setting.
    """

    values: dict[str, Variable] = field(default_factory=dict[str, Variable])
    warnings: list[str] = field(default_factory=list[str])
    faults: list[str] = field(default_factory=list[str])


def read_settings(
    environment: Mapping[str, str] | None = None, file: Path = ENV_FILE
) -> tuple[Settings, list[str]]:
    """Read the settings, and warnings about variables that have no effect or an old name.

    The environment has precedence over the file. An empty value counts as unset.

    Args:
        environment: variables; None for those of the process.
        file: the `.env` file; need not exist.

    Raises:
        SettingsError: a value cannot be used, or the name of an API key's variable is unknown.
    """
    reading = _read(environment, file)
    if reading.faults:
        raise SettingsError(reading.faults)
    try:
        values = {name: variable.value for name, variable in reading.values.items()}
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_faults_of(error, reading)) from None  # its text contains the values
    if faults := [*_folder_faults(settings, reading)]:
        raise SettingsError(faults)
    return settings, reading.warnings


def setting_variables(
    environment: Mapping[str, str] | None = None, file: Path = ENV_FILE
) -> dict[str, str]:
    """The variables of all settings that are given: for a process that reads no file."""
    reading = _read(environment, file)
    return {variable_of(name): variable.value for name, variable in reading.values.items()}


def _read(environment: Mapping[str, str] | None, file: Path) -> _Reading:
    given = os.environ if environment is None else environment
    reading = _Reading()
    for variables in (read_env_file(file), [Variable(*item) for item in sorted(given.items())]):
        _take(variables, reading)
    return reading


# ----------------------------------------------------------------------------------------
# Names


def unknown_variables(names: Iterable[str]) -> list[str]:
    """Names that resemble our settings but are none; most likely misspelt."""
    return sorted(name for name in names if _is_unknown(name.upper()))


def _take(variables: Iterable[Variable], reading: _Reading) -> None:
    """Add the variables of one source; it has precedence over sources added earlier."""
    taken: dict[str, Variable] = {}
    for variable in variables:
        name, value = variable.name.upper(), variable.value.strip()
        if _is_of_platform(name, value):
            continue
        if (setting := SETTING_OF.get(name)) is None:
            _judge_unknown(variable, reading)
        elif value:
            if name in KNOWN or setting not in taken:
                taken[setting] = Variable(variable.name, value, variable.place)
            _judge_known(variable, setting, reading)
    reading.values |= taken


def _judge_known(variable: Variable, setting: str, reading: _Reading) -> None:
    if variable.name.upper() in RENAMED:
        new = variable_of(setting)
        reading.warnings.append(f"{variable.name} is now called {new}{variable.place}")
    value = variable.value.strip()
    if value[0] in QUOTES or value[-1] in QUOTES:
        advice = "the quotes would belong to the value: write it without"
        reading.faults.append(f"{variable.name}: {advice}{variable.place}")


def _judge_unknown(variable: Variable, reading: _Reading) -> None:
    name, keys = variable.name.upper(), variable_of(KEYS)
    without_prefix = bool(variable.place) and PREFIX + name in (keys, keys.removesuffix("S"))
    if not (without_prefix or _is_unknown(name)):
        return
    words = name.removeprefix(PREFIX)
    near = _resembles(name, KNOWN)
    is_key = re.search(rf"(^|_)({KEY_NAME.pattern})(_|$)", words) or _resembles(name, [keys])
    if is_key:
        reading.faults.append(
            f"{variable.name} is no setting, so it would protect nothing{variable.place}: "
            f"write {near if near in KEY_SETTINGS else keys}, or remove it"
        )
        return
    hint = f"did you mean {near}?" if near else "see python -m service --help"
    reading.warnings.append(
        f"{variable.name} is no setting and has no effect{variable.place}: {hint}"
    )


def _is_unknown(name: str) -> bool:
    """True if an unknown upper-case name has our prefix, or a similar one and a setting's name."""
    if name in SETTING_OF or OF_PLATFORM.fullmatch(name):
        return False
    head, _, rest = name.replace("-", "_").replace(".", "_").partition("_")
    own = PREFIX.rstrip("_")
    if head.startswith(own):
        return True
    meant = PREFIX + rest in KNOWN or bool(KEY_NAME.fullmatch(rest))
    return meant and bool(_resembles(head, [own]))


def _resembles(name: str, known: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(name, list(known), 1, RESEMBLANCE)), None)


def _is_of_platform(name: str, value: str) -> bool:
    if OF_PLATFORM.fullmatch(name):
        return True
    is_port = name == PLATFORM_PORT or (name.startswith(PREFIX) and name.endswith("_PORT"))
    return is_port and bool(PLATFORM_ADDRESS.fullmatch(value))


# ----------------------------------------------------------------------------------------
# Values


def _faults_of(error: ValidationError, reading: _Reading) -> Iterator[str]:
    for fault in error.errors(include_url=False):
        setting = str(fault["loc"][0])
        variable = reading.values[setting]
        own = fault.get("ctx", {}).get("error")
        advice = str(own) if own else f"write {allowed_values(setting)}"
        shown = "" if setting in SECRETS else f" (it is {variable.value!r})"
        yield f"{variable.name}: {advice}{shown}{variable.place}"


def allowed_values(setting: str) -> str:
    """Describe the values of a setting: its choices, or its range and unit."""
    info = Settings.model_fields[setting]
    arguments = get_args(info.annotation)
    if choices := [choice for choice in arguments if isinstance(choice, str)]:
        return "one of " + ", ".join(choices)
    if info.annotation is bool:
        return "on or off"
    kind = "a whole number" if int in (info.annotation, *arguments) else "a number"
    unit = " of seconds" if setting.endswith("_s") else ""
    limits = {
        name: getattr(limit, name)
        for limit in info.metadata
        for name in ("gt", "ge", "le")
        if hasattr(limit, name)
    }
    if "le" not in limits:
        return f"a {info.description}"
    low = f"above {limits['gt']}" if "gt" in limits else f"from {limits['ge']}"
    return f"{kind}{unit} {low} to {limits['le']}, the number alone"


def _folder_faults(settings: Settings, reading: _Reading) -> Iterator[str]:
    variable = reading.values.get("bundles", Variable(variable_of("bundles"), ""))
    for folder in settings.bundles:
        if os.path.isdir(folder):  # noqa: PTH112 - False also for an invalid name
            continue
        wrong = "is no folder" if os.path.exists(folder) else "does not exist"  # noqa: PTH110
        advice = "name the folder that holds the bundles"
        yield f"{variable.name}: {folder.absolute()} {wrong}: {advice}{variable.place}"


def describe_settings() -> Iterator[str]:
    """One line of help for each setting."""
    for name, info in Settings.model_fields.items():
        default = "unset" if info.default in (None, (), "") else info.default
        if info.annotation is bool:
            default = "on" if default else "off"
        if name == "bundles":
            default = os.pathsep.join(map(str, Settings.model_construct().bundles))
        yield f"{variable_of(name):<34} {info.description} [{default}]"
