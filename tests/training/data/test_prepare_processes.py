"""Preparing in processes of their own: limits, kills and memory."""

import io
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.training.data.pet_pictures import ALONE, quiet
from training.data.manifest import Manifest
from training.data.prepare import prepare

ROOT = Path(__file__).parents[3]

SCRIPT = """
import sys
from pathlib import Path
from typing import Any
from training.data.options import PrepareOptions
from training.data.prepare import prepare
def report(now):
    print(now.done, flush=True)
if __name__ == "__main__":
    prepare(sys.argv[1], Path(sys.argv[2]), PrepareOptions(workers=int(sys.argv[3])), report)
"""


def start(source: str, out: Path, workers: int, file_limit: int = -1) -> subprocess.Popen[str]:
    """Prepare in a process whose files may grow to `file_limit` bytes (-1: any size)."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SCRIPT, source, str(out), str(workers)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit if file_limit >= 0 else None,  # noqa: PLW1509  # no threads here
    )


def test_a_full_disk_leaves_nothing_and_says_so(pets: Path, tmp_path: Path) -> None:
    """A file that cannot grow stands for a disk that is full."""
    process = start(str(pets), tmp_path / "out", 1, file_limit=2000)
    _, errors = process.communicate(timeout=300)

    assert process.returncode == 1
    assert "DataError: the disk is full, nothing was kept of" in errors
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pets"]


@pytest.mark.slow
def test_a_killed_process_leaves_no_result_and_the_next_one_clears_up(tmp_path: Path) -> None:
    """What it left is not taken for a result."""
    out = tmp_path / "out"
    location = "dicebear:personas?count=100000&size=16"
    process = start(location, out, 1)
    assert process.stdout is not None
    while process.stdout.readline().strip() in ("", "0"):
        assert process.poll() is None, process.stderr and process.stderr.read()
    process.kill()
    process.communicate(timeout=300)

    assert not out.exists()
    assert len(list(tmp_path.glob("out.partial-*"))) == 1
    manifest = prepare("dicebear:personas?count=2&size=16", out, ALONE, quiet)
    assert isinstance(manifest, Manifest)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def write_zip(path: Path, count: int) -> None:
    """A zip of `count` pictures of 64 pixels."""
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(file, "BMP")
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(count):
            archive.writestr(f"{number}.bmp", file.getvalue())


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_pictures(tmp_path: Path) -> None:
    """All processes together stay far below 500 MB while 64 MB of pixels go through them."""
    write_zip(tmp_path / "many.zip", 4000)
    process = start(str(tmp_path / "many.zip"), tmp_path / "out", 2)
    assert process.stdout is not None
    peak = 0
    for _ in process.stdout:  # a line for every chunk
        peak = max(peak, sum(resident(pid) for pid in family(process.pid)))
    process.communicate(timeout=300)

    assert process.returncode == 0
    assert 50e6 < peak < 400e6


def family(parent: int) -> list[int]:
    """A process and its children."""
    try:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    except OSError:
        children = []
    return [parent, *map(int, children)]


def resident(process: int) -> int:
    """The memory a process holds, in bytes, pages shared with others counted in full."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * resource.getpagesize()
