"""Where a command computes: its device, and the threads of the CPU.

Owns the two options and what they accept. Knows no command.
"""

from __future__ import annotations

import argparse

import torch

from training.config.config import ConfigError

MOST_THREADS = 1024
DEVICE_TYPES = ("cpu", "cuda")


def add_machine_arguments(parser: argparse.ArgumentParser) -> None:
    """Where a command computes."""
    parser.add_argument("--device", help="cpu, cuda, cuda:1; the first CUDA device, else the CPU")
    parser.add_argument("--threads", type=thread_count, help="CPU threads; all cores unless told")


def device_of(name: str | None) -> torch.device:
    """The device of that name; the first CUDA device, else the CPU, without one.

    Raises:
        ConfigError: there is no such device here.
    """
    try:
        device = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
        if device.type not in DEVICE_TYPES:
            raise ConfigError(f"--device {name} cannot be used: cpu, cuda and cuda:1 are possible")
        torch.empty(1, device=device)
    except (AssertionError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise ConfigError(f"--device {name} cannot be used: {reason}") from error
    return device


def thread_count(text: str) -> int:
    """The value of `--threads`."""
    if not text.isdecimal() or not 1 <= int(text) <= MOST_THREADS:
        raise argparse.ArgumentTypeError(f"1 to {MOST_THREADS} threads are possible, not {text!r}")
    return int(text)
