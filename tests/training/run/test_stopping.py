"""A request to stop: what a first and a second signal do and say, and signals after a run."""

import os
import signal
import subprocess
import sys

import pytest

from training.run.stopping import StopRequest

WAITS = """
import os, signal
from training.run.stopping import StopRequest
with StopRequest() as stop:
    stop.unsaved_images = 1234
    os.kill(os.getpid(), signal.SIGINT)
    assert stop.asked
    os.kill(os.getpid(), signal.SIGTERM)
    print("not reached")
"""


def test_the_first_signal_is_answered_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    """The step goes on; where another process speaks, nothing is said."""
    for aloud in (True, False):
        with StopRequest(aloud=aloud) as stop:
            os.kill(os.getpid(), signal.SIGINT)
            assert stop.asked
        assert ("stopping after this step" in capfd.readouterr().err) is aloud


def test_a_second_signal_says_what_is_lost_and_ends_the_process() -> None:
    """By the signal itself, so that whoever started it sees that."""
    ended = subprocess.run(
        [sys.executable, "-c", WAITS], check=False, capture_output=True, text=True
    )

    assert ended.returncode == -signal.SIGTERM
    assert "1,234 images since the last checkpoint are lost" in ended.stderr
    assert ended.stdout == ""


def test_signals_do_what_they_did_before_once_a_run_is_over() -> None:
    """Whether one came or not."""
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with StopRequest():
        os.kill(os.getpid(), signal.SIGTERM)

    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
