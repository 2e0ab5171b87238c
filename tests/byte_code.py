"""Byte code of test files, written once by all processes of pytest-xdist together.

pytest rewrites the assertions of a test file when it is first imported, and keeps the result; this
takes as long as all the rest of the collection. Every process imports every file, so in a fresh
checkout each would rewrite all of them. Here each rewrites a share before it imports any.
pytest offers no public function for this: the names are those of its import hook.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from _pytest.assertion.rewrite import (
    PYC_TAIL,
    _read_pyc,
    _rewrite_test,
    _write_pyc,
    assertstate_key,
    get_cache_dir,
    try_makedirs,
)


def write_share(config: pytest.Config, place: int, processes: int) -> None:
    """Rewrite the test files of this run whose number, by their order, is this process's turn.

    Args:
        config: of this process.
        place: number of this process, from 0 on.
        processes: number of all.
    """
    if sys.dont_write_bytecode:
        return
    for source in files_of(config.args)[place::processes]:
        compiled = compiled_of(source)
        if _read_pyc(source, compiled) is None and try_makedirs(compiled.parent):
            digest, code = _rewrite_test(source, config)
            _write_pyc(config.stash[assertstate_key], code, digest, compiled)


def files_of(arguments: Sequence[str]) -> list[Path]:
    """The test files in the folders of a command line, in order."""
    folders = {Path(argument.partition("::")[0]).resolve() for argument in arguments}
    return sorted({file for folder in folders for file in folder.rglob("test_*.py")})


def compiled_of(source: Path) -> Path:
    """Where pytest keeps the byte code of a test file."""
    return get_cache_dir(source) / f"{source.stem}{PYC_TAIL}"
