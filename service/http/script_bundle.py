"""The modules of a web page as one script, so that a browser asks once and not fifty times.

Owns the joining: each module becomes a function that returns its exports, after those that it
imports. Reads the forms in which these modules are written: an import of names in braces on one
line, and `export` before a declaration. Another form is an error. Knows no HTTP.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Final

IMPORT: Final = re.compile(r'^import \{ (.+) \} from "(\.\.?/[^"]+)";$', re.MULTILINE)
EXPORT: Final = re.compile(r"^export ((?:async )?(?:const|function|class) (\w+))", re.MULTILINE)
OTHER_FORM: Final = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


class UnknownForm(ValueError):
    """A module has an import or an export of another form, or modules import each other."""


def joined_modules(folder: Path, first: str) -> str:
    """Return one script that does what a module and all that it imports do.

    Args:
        folder: the folder of the modules.
        first: name of the module, relative to the folder.

    Raises:
        OSError: a module cannot be read.
        UnknownForm: the modules cannot be joined.
    """
    texts: dict[str, str] = {}
    _read(folder, first, texts, ())
    numbers = {name: f"module_{number}" for number, name in enumerate(texts)}
    return "\n".join(
        f"// {name}\nconst {numbers[name]} = (() => {{\n{_as_function(name, text, numbers)}\n}})();"
        for name, text in texts.items()
    )


def _read(folder: Path, name: str, texts: dict[str, str], importing: tuple[str, ...]) -> None:
    """Add a module to `texts`, after all that it imports."""
    if name in importing:
        raise UnknownForm(f"{name} imports itself by way of {', '.join(importing)}")
    if name in texts:
        return
    text = (folder / name).read_text("utf-8")
    for _, address in IMPORT.findall(text):
        _read(folder, _path(name, address), texts, (*importing, name))
    texts[name] = text


def _path(name: str, address: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), address))


def _as_function(name: str, text: str, numbers: dict[str, str]) -> str:
    """Return the body of a function that returns the exports of a module."""
    exports = ", ".join(found for _, found in EXPORT.findall(text))

    def assignment(found: re.Match[str]) -> str:
        names = found[1].replace(" as ", ": ")
        return f"const {{ {names} }} = {numbers[_path(name, found[2])]};"

    body = EXPORT.sub(r"\1", IMPORT.sub(assignment, text))
    if other := OTHER_FORM.search(body):
        raise UnknownForm(f"{name}: {other[0]!r} is no import or export of the known forms")
    return f"{body}return {{ {exports} }};"
