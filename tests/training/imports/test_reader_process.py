"""The process that reads a file: what it refuses, and the memory it may take."""

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.training.imports.hostile_files import claimed_tensor, in_legacy_file
from training.imports.reader_process import REFUSED

ROOT = Path(__file__).parents[3]


def test_a_file_that_claims_more_memory_than_it_has_is_refused(tmp_path: Path) -> None:
    """Three gigabytes, which this machine may have, but such a file does not need."""
    file = tmp_path / "bomb.pth"
    file.write_bytes(in_legacy_file(claimed_tensor(3 << 28, (2, 2), (2, 1)), numbers=4))

    ended = read(file, tmp_path)

    assert (ended.returncode, ended.stderr) == (REFUSED, b"")
    assert b"needs more memory to be read than 6 times its size" in ended.stdout
    assert sorted(tmp_path.iterdir()) == [file]


def test_a_limit_from_outside_stays(tmp_path: Path) -> None:
    """Whoever gives the command less memory is obeyed; 128 MB are too little for torch."""
    file = tmp_path / "weights.pth"
    file.write_bytes(in_legacy_file(b"\x80\x02}."))

    ended = read(file, tmp_path, lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 27, 1 << 27)))

    assert ended.returncode
    assert [each.name for each in tmp_path.iterdir()] == ["weights.pth"]


def test_less_processor_time_from_outside_stays(tmp_path: Path) -> None:
    """A shell with `ulimit -t` may read files, too, as long as that is enough."""
    file = tmp_path / "weights.pth"
    file.write_bytes(b"no weights")

    ended = read(file, tmp_path, lambda: resource.setrlimit(resource.RLIMIT_CPU, (300, 300)))

    assert (ended.returncode, ended.stderr) == (REFUSED, b"")
    assert b"is not a file of torch.save" in ended.stdout


def read(
    file: Path, folder: Path, before: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Start the process."""
    words = [sys.executable, "-m", "training.imports.reader_process", str(file), str(folder)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, check=False, preexec_fn=before)
