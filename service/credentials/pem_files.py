"""Reading of small PEM files that an operator names.

Owns the message for each file that cannot be read; none contains the content of a file. Knows
nothing of keys.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from service.env_file import SettingsError

LARGEST_PEM: Final = 2**17  # bytes; a chain of three certificates has about 6000
KEY_TEXT: Final = "-----BEGIN"


def read_pem(path: Path, variable: str) -> bytes:
    """Read a PEM file.

    Args:
        variable: name of the setting, for the message.

    Raises:
        SettingsError: the file does not exist, cannot be read, is no file or is too large.
    """
    if KEY_TEXT in str(path):
        fault = "write the text into a file that only the service can read, and name that file"
        raise SettingsError([f"{variable} is the text itself: {fault}"])
    try:
        return _read_small_file(path)
    except FileNotFoundError:
        fault = f"{path} does not exist: name the file"
    except PermissionError:
        fault = f"{path} cannot be read by user {_user()}: let that user read it"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        fault = f"{path} cannot be read ({reason}): name a PEM file of up to {LARGEST_PEM} bytes"
    raise SettingsError([f"{variable}: {fault}"])


def _read_small_file(path: Path) -> bytes:
    """Read a regular file; a pipe without a writer would wait for ever."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is no regular file")
        if status.st_size > LARGEST_PEM:
            raise ValueError(f"it has {status.st_size} bytes")
        return file.read(LARGEST_PEM)


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else "of the service"
