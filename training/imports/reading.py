"""Reading a file of weights of another tool, in a process of its own.

Owns the start of that process, its time limit, and the reading of what it hands over: safetensors
and JSON, never a pickle. Knows no network.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
from torch import Tensor

from training.imports.reader_process import FACTS_FILE, REFUSED, TENSORS_FILE
from training.imports.refusal import ImportRefusedError

PATIENCE_SECONDS = 1200.0
MODULE = "training.imports.reader_process"
ONE_READER_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}


@dataclass(frozen=True)
class SourceFile:
    """The content of a file of weights.

    Attributes:
        path: as given.
        sha256: of the whole file, in hexadecimal.
        chosen: key at the top of the file that holds the network; empty if it holds nothing else.
        tensors: of that network, by their names in the file.
        settings: numbers, texts and lists of them from the whole file, by their names, with `/`
            between the levels of nested dictionaries.
    """

    path: Path
    sha256: str
    chosen: str
    tensors: Mapping[str, Tensor]
    settings: Mapping[str, Any]


def read_source(
    path: Path, networks: Sequence[str], patience_s: float = PATIENCE_SECONDS
) -> SourceFile:
    """Read a file of `torch.save` without running anything that it holds.

    Args:
        path: of the file.
        networks: keys at its top that may hold the network, the wanted one first.
        patience_s: seconds after which reading is given up.

    Raises:
        ImportRefusedError: it is not a file of weights, damaged, too large, or takes too long.
        OSError: there is no room for the hand-over.
    """
    with tempfile.TemporaryDirectory(prefix="progan-import-") as folder:
        words = [sys.executable, "-m", MODULE, str(path.absolute()), folder, *networks]
        try:
            ended = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=patience_s,
                check=False,
                cwd=Path(__file__).parents[2],
                env=os.environ | ONE_READER_THREAD,
            )
        except subprocess.TimeoutExpired as error:
            raise ImportRefusedError(
                f"{path} was not read within {patience_s:,.0f} seconds, and reading was given up: "
                "it is damaged, or no file of weights"
            ) from error
        if ended.returncode == REFUSED:
            said = escaped(ended.stdout.decode("utf-8", "replace"))
            raise ImportRefusedError(said.replace(shown(path.absolute()), shown(path)))
        if ended.returncode:
            raise _failed(path, ended)
        facts = json.loads(Path(folder, FACTS_FILE).read_text(encoding="utf-8"))
        tensors = safetensors.torch.load_file(Path(folder, TENSORS_FILE))
    return SourceFile(path, facts["sha256"], facts["chosen"], tensors, facts["settings"])


def shown(path: Path) -> str:
    """A path as text; bytes that are none, and characters that a terminal obeys, are escaped."""
    return escaped(str(path).encode("utf-8", "backslashreplace").decode("utf-8"))


def escaped(text: str) -> str:
    """A text that a terminal shows as it is: names in a file may hold any character."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def _failed(path: Path, ended: subprocess.CompletedProcess[bytes]) -> Exception:
    """The error of a reader that ended otherwise, such as by a signal or a full disk."""
    lines = ended.stderr.decode("utf-8", "replace").strip().splitlines()
    last = lines[-1] if lines else f"exit code {ended.returncode}"
    if "No space left" in last or "os error 28" in last:
        return OSError(f"the folder for temporary files is full: {last}")
    return ImportRefusedError(
        f"{shown(path)} made the process that read it fail ({last[:200]}): it is damaged, or no "
        "file of weights"
    )
