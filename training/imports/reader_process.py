"""The process that reads a file of another tool: `python -m training.imports.reader_process`.

Owns the limits on memory and processor time, set before a byte is read, and the hand-over: plain
tensors as safetensors, settings as JSON. If a file were to make torch run something after all, it
would run here, with these limits, and not in the command. Knows no network.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import sys
from pathlib import Path

from training.imports.container import (
    is_plain_pickle,
    read_regular_file,
    require_weights_file,
)
from training.imports.refusal import ImportRefusedError

TENSORS_FILE, FACTS_FILE = "tensors.safetensors", "facts.json"
REFUSED = 3  # exit code; the reason is on standard output
BASE_BYTES = 1 << 30  # that reading may take beside the file
TIMES_FILE = 6  # torch's copy, the tensors, their copies for the hand-over
PROCESSOR_SECONDS = 900


def main() -> int:
    """Read the file named first into the folder named second; networks to choose from follow."""
    path, folder, *networks = sys.argv[1:]
    try:
        read_file_into(Path(path), Path(folder), networks)
    except ImportRefusedError as error:
        return end_refused(str(error))
    except MemoryError:
        return end_refused(
            f"{path} needs more memory to be read than {TIMES_FILE} times its size: it is damaged, "
            "or no file of weights"
        )
    return 0


def end_refused(reason: str) -> int:
    """Write the reason, also where a path in it is no text; returns the exit code."""
    sys.stdout.buffer.write(reason.encode("utf-8", "backslashreplace"))
    return REFUSED


def read_file_into(path: Path, folder: Path, networks: list[str]) -> None:
    """Check and read a file, and write what was found into `folder`.

    Raises:
        ImportRefusedError: the file is not one of weights.
        MemoryError: reading it needs too much memory.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit_processor_time(PROCESSOR_SECONDS)
    allow_memory(BASE_BYTES + TIMES_FILE * size_of_file(path))
    content = read_regular_file(path)
    is_network_pickle = is_plain_pickle(content)
    if not is_network_pickle:
        require_weights_file(content, str(path))

    allow_memory(None)
    from training.imports.network_pickle import load_network_pickle  # noqa: PLC0415 - see below
    from training.imports.torch_file import (  # noqa: PLC0415 - most are refused before torch is in
        load_content,
        write_tensors,
    )

    allow_memory(BASE_BYTES + TIMES_FILE * len(content))
    load = load_network_pickle if is_network_pickle else load_content
    loaded = load(content, str(path))
    try:
        facts = write_tensors(loaded, networks, len(content), folder / TENSORS_FILE)
    except ImportRefusedError as error:
        raise ImportRefusedError(f"{path}: {error}") from error
    facts["sha256"] = hashlib.sha256(content).hexdigest()
    (folder / FACTS_FILE).write_text(json.dumps(facts), encoding="utf-8")


def size_of_file(path: Path) -> int:
    """Size in bytes; 0 for what cannot be asked, and is refused when it is read."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def limit_processor_time(seconds: int) -> None:
    """Let the system end this process after so many seconds of work; a lower limit stays."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    limit = seconds if hard == resource.RLIM_INFINITY else min(seconds, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))


def allow_memory(more: int | None) -> None:
    """Limit the address space of this process to `more` bytes than it has now; None for no limit.

    A limit that was set from outside stays. Without /proc (on macOS, which ignores this limit)
    there is none.
    """
    used = Path("/proc/self/statm")
    if not used.exists():
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = hard
    if more is not None:
        pages = int(used.read_text(encoding="ascii").split()[0])
        limit = pages * os.sysconf("SC_PAGE_SIZE") + more
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


if __name__ == "__main__":
    sys.exit(main())
