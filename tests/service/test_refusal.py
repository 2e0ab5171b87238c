"""Errors as plain values: the same on the other side."""

from __future__ import annotations

import pytest

from service.errors import (
    DeadlineTooNear,
    EngineFailed,
    NotReady,
    QueueFull,
    RateExceeded,
    ServiceError,
)
from service.operations.downloads import DatasetOpen
from service.refusal import error_of, refusal_of


@pytest.mark.parametrize(
    "error",
    [
        QueueFull("full", retry_after_s=7),
        DeadlineTooNear("too near", predicted_s=3.25),
        NotReady("none", refused={"folder": "why"}),
        RateExceeded("slow down", retry_after_s=1, allowed="2 per 1 minute"),
        DatasetOpen("one at a time", retry_after_s=9),
    ],
)
def test_a_refusal_is_the_same_on_the_other_side(error: ServiceError) -> None:
    """Class, sentence, Retry-After and members: clients cannot tell where it was refused."""
    again = error_of(refusal_of(error))

    assert type(again) is type(error)
    assert (str(again), again.retry_after_s, again.members) == (
        str(error),
        error.retry_after_s,
        error.members,
    )


def test_an_error_of_the_engine_tells_clients_nothing_of_its_inside() -> None:
    """It is logged there."""
    again = error_of(refusal_of(ZeroDivisionError("/secret/path")))

    assert type(again) is EngineFailed
    assert "secret" not in str(again)
