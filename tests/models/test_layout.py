"""The layout of a bundle on disk, and that it is known without torch."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from models.layout import UNFINISHED, file_sha256, is_visible

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "module", ["card", "families.progan.config", "latent", "layout", "picture"]
)
def test_what_is_not_a_tensor_is_known_without_torch(module: str) -> None:
    """A process that lists bundles or writes files stays small and starts at once."""
    code = f"import sys, models.{module}; sys.exit('torch' in sys.modules)"

    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize("name", ["faces", "faces-2.1", "_old", "partial"])
def test_a_folder_may_be_a_bundle(name: str) -> None:
    """Any name but a hidden or an unfinished one."""
    assert is_visible(name)


@pytest.mark.parametrize(
    "name", [".faces", ".faces-x7k2", f"faces{UNFINISHED}x7k2", f".a{UNFINISHED}b"]
)
def test_a_hidden_or_unfinished_folder_is_no_bundle(name: str) -> None:
    """Copying tools and the export work beside the final place."""
    assert not is_visible(name)


@pytest.mark.parametrize("size", [0, 1, 1 << 20])
def test_the_digest_of_a_file_is_that_of_its_bytes(tmp_path: Path, size: int) -> None:
    """Whatever its size."""
    content = bytes(range(256)) * (size // 256) + bytes(size % 256)
    path = tmp_path / "file"
    path.write_bytes(content)

    assert file_sha256(path) == hashlib.sha256(content).hexdigest()
