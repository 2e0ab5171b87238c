"""The parameter of the allocator, tried in processes of their own: it cannot be taken back."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from service.memory_allocator import VARIABLES

# Prints if the parameter was set, and how many of three blocks of 4 MiB, taken and freed one after
# another, were mapped by the system: by default only the first one is.
THREE_BLOCKS = """
import ctypes
from service.memory_allocator import return_large_blocks
class MallocInfo(ctypes.Structure):
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]
libc = ctypes.CDLL(None)
libc.mallinfo2.restype = MallocInfo
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
returned, mapped = return_large_blocks(), 0
for _ in range(3):
    before = libc.mallinfo2().hblks
    block = libc.malloc(4 << 20)
    mapped += libc.mallinfo2().hblks - before
    libc.free(block)
print(returned, mapped)
"""
GLIBC = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")


def run(**variables: str) -> list[str]:
    """The two words that the program prints, with these variables in its environment."""
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    program = [sys.executable, "-c", THREE_BLOCKS]
    ended = subprocess.run(
        program, env=kept | variables, capture_output=True, text=True, check=True, timeout=300
    )
    return ended.stdout.split()


@GLIBC
def test_each_large_block_is_given_back() -> None:
    """Also after the first one was freed, which by default raises the threshold."""
    assert run() == ["True", "3"]


@GLIBC
def test_the_environment_has_precedence() -> None:
    """An operator who has chosen a threshold gets it."""
    assert run(MALLOC_MMAP_THRESHOLD_="33554432") == ["False", "0"]
