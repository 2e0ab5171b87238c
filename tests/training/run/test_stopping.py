"""A request to stop: what a first and a second signal do, and signals after a run."""

import os
import signal

from training.run.stopping import StopRequest


def test_a_second_signal_ends_the_process_at_once() -> None:
    """After the first, the system's own handlers are back."""
    with StopRequest() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.asked
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_signals_do_what_they_did_before_once_a_run_is_over() -> None:
    """Whether one came or not."""
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with StopRequest():
        os.kill(os.getpid(), signal.SIGTERM)

    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
