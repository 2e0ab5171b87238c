"""The command that starts this Python again, for lines that are to be pasted into a shell."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def python_command() -> str:
    """The shortest word that starts this Python from the working directory.

    `python` where the shell finds this one by that name, else its path: relative to the working
    directory, `.venv/bin/python`, if it lies below it.
    """
    this = os.path.abspath(sys.executable)  # noqa: PTH100 - links of a .venv must not be followed
    found = shutil.which("python")
    if found and os.path.abspath(found) == this:  # noqa: PTH100 - the same
        return "python"
    path, here = Path(this), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else this
