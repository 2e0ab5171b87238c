"""The `.env` file: text with a `NAME=value` on each line, accepted or refused as a whole.

Owns the message, with the line number, for each line that cannot be read: a line that is ignored
could be the one with the keys. Knows only the prefix of our settings: other variables need only be
readable. The format is that of python-dotenv.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream

from service.setting_types import PREFIX

SETTINGS_WRONG = 2  # exit code of a process whose settings cannot be used
ENV_FILE = Path(".env")
SWALLOWED = re.compile(rf"\n.*{PREFIX}\w*\s*[=:]", re.IGNORECASE)
VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


class SettingsError(ValueError):
    """The settings cannot be used.

    Attributes:
        faults: one message per fault; none contains a key.
    """

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


@dataclass(frozen=True)
class Variable:
    """A variable and its source.

    Attributes:
        place: file and line in brackets, after a space; empty for the environment.
    """

    name: str
    value: str
    place: str = ""


def read_env_file(path: Path) -> list[Variable]:
    """Read the variables of the file in order; empty if there is no file.

    Raises:
        SettingsError: the file cannot be read, is not UTF-8 text, or a line is not `NAME=value`.
    """
    text = _text_of(path)
    bindings = [b for b in parse_stream(io.StringIO(text)) if b.error or b.key]
    if faults := [*_line_faults(path, bindings)]:
        raise SettingsError(faults)
    values = dotenv_values(stream=io.StringIO(text))  # with ${OTHER} replaced
    if faults := [*_unset_faults(path, bindings, values)]:
        raise SettingsError(faults)
    return [
        Variable(b.key, values.get(b.key) or "", f" ({path}, line {_line_of(b)})")
        for b in bindings
        if b.key
    ]


def _text_of(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ""
    except OSError as error:
        reason = "it is a folder" if path.is_dir() else error.strerror
        raise SettingsError([f"{path} cannot be read: {reason}"]) from None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data:
        raise SettingsError([f"{path}, line 1: this is UTF-16 or no text: save the file as UTF-8"])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError([f"{path}, line {line}: save the file as UTF-8"]) from None


def _line_faults(path: Path, bindings: Sequence[Binding]) -> Iterator[str]:
    first: dict[str, int] = {}
    for binding in bindings:
        name, line = binding.key or "", _line_of(binding)
        where = f"{path}, line {line}:"
        ours = name.upper().startswith(PREFIX)
        if binding.error or (ours and binding.value is None) or not VARIABLE_NAME.fullmatch(name):
            yield f"{where} this cannot be read: write NAME=value"
        elif SWALLOWED.search(binding.value or "") or (ours and "\n" in (binding.value or "")):
            yield f"{where} the quotes of {name} are not closed in this line"
        elif ours and name.upper() in first:
            yield f"{where} {name} stands in line {first[name.upper()]}, too: keep one of the two"
        first.setdefault(name.upper(), line)


def _unset_faults(
    path: Path, bindings: Sequence[Binding], values: dict[str, str | None]
) -> Iterator[str]:
    for binding in bindings:
        name = binding.key or ""
        if binding.value and not values.get(name) and name.upper().startswith(PREFIX):
            where = f"{path}, line {_line_of(binding)}:"
            yield f"{where} {name} is empty, since what it refers to is not set"


def _line_of(binding: Binding) -> int:
    """The line number of the name; the parser counts from the end of the previous variable."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
