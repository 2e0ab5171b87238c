"""glibc's memory allocator in a process that makes files of many sizes for months.

Owns one of its parameters. By default it keeps blocks of up to 32 MiB for later once one of that
size was freed; pictures and files of ever other sizes then leave holes, and the process grows
slowly. Knows no part of the service.
Source: glibc manual, "Malloc Tunable Parameters".
"""

from __future__ import annotations

import ctypes
import os

M_MMAP_THRESHOLD = -3  # of <malloc.h>
MAPPED_BYTES = 256 * 1024
VARIABLES = ("MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES", "LD_PRELOAD")


def return_large_blocks() -> bool:
    """Let blocks from 256 KiB on go back to the system when they are freed; True if they will.

    Nothing is done where the environment chooses an allocator or its parameters, or where the C
    library is another one.
    """
    if any(name in os.environ for name in VARIABLES):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES))
