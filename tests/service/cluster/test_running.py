"""A running cluster: what its status says."""

from __future__ import annotations

import pytest

pytest.importorskip("ray", reason="the extra `cluster` is not installed")

from service.cluster.running import shortened


def test_a_message_of_ray_is_told_without_its_traceback() -> None:
    """The last line is the sentence of the service."""
    message = "A replica failed.\nTraceback:\n  File x\n\nservice.errors.NotReady: other pictures"

    assert shortened(message) == "A replica failed. service.errors.NotReady: other pictures"
    assert shortened("one line") == "one line"
    assert shortened("") == ""
