"""A log that cannot be written costs lines, and nothing else."""

from __future__ import annotations

import errno
import io
import logging

import pytest

from service.operations.log_handler import LossyHandler


class Disk(io.StringIO):
    """A stream that is full at times."""

    full = False

    def write(self, text: str) -> int:
        """As a file on a full disk does."""
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


def logger_on(disk: Disk) -> logging.Logger:
    """A logger that writes to `disk` alone."""
    logger = logging.Logger("test")  # noqa: LOG001 - unregistered, it ends with the test
    logger.addHandler(LossyHandler(disk))
    return logger


def test_a_full_disk_loses_lines_and_says_so_when_it_has_room_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """How many, before the first line that is written again; and stderr stays quiet."""
    disk = Disk()
    log = logger_on(disk)
    log.info("before")
    disk.full = True
    for _ in range(3):
        log.info("lost")
    disk.full = False
    log.info("after")
    log.info("later")

    assert disk.getvalue().splitlines() == [
        "before",
        "3 log lines were lost: the log could not be written",
        "after",
        "later",
    ]
    assert capsys.readouterr().err == ""


def test_a_fault_of_a_line_is_told_as_usual(capsys: pytest.CaptureFixture[str]) -> None:
    """It is a mistake in the code, not of the disk."""
    logger_on(Disk()).info("%d", "no number")

    assert "no number" in capsys.readouterr().err
