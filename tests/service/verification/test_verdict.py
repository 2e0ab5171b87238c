"""One word and one sentence for every combination of proofs."""

from __future__ import annotations

import itertools

import pytest

from service.verification.report import (
    CredentialsPart,
    MetadataPart,
    OriginResult,
    Outcome,
    RemadePart,
    WatermarkPart,
)
from service.verification.verdict import verdict_of

MODEL = "faces-64@" + "a" * 64
STATES = ["none", "invalid", "valid", "trusted"]


def judged(
    state: str = "none",
    mark: str = "not found",
    outcome: Outcome = Outcome.NOT_TRIED,
    *,
    stated: bool = True,
    not_compared: int = 0,
    public_key: bool = False,
) -> tuple[OriginResult, str]:
    """The verdict on a file about seed 7 of `faces-64`."""
    facts = {"model": MODEL, "seed": "7"} if stated else {}
    return verdict_of(
        CredentialsPart(state=state, signer="Faces Ltd"),
        WatermarkPart(state=mark, payload="aaaa", public_key=public_key),
        MetadataPart(sources=[], facts=facts, contradictions=[]),
        RemadePart(
            outcome=outcome,
            reason="no time",
            model=MODEL,
            kind="picture",
            seeds=["7"],
            compared=16,
            not_compared=not_compared,
        ),
    )


def test_a_watermark_that_anyone_can_add_is_told_as_such() -> None:
    """With an own key nobody else can."""
    public = judged(mark="found", public_key=True)[1]
    own = judged(mark="found")[1]

    assert public == f"{own} Its key is public: anyone can have added it."


def test_frames_that_were_not_compared_are_not_proved() -> None:
    """Else a file could keep the frames that are compared and replace all others."""
    origin, sentence = judged(outcome=Outcome.EQUAL, not_compared=25)

    assert origin is OriginResult.LIKELY
    assert sentence.endswith(
        "16 of its frames have the same pixels, made again; 25 others were not compared."
    )
    assert judged("trusted", outcome=Outcome.EQUAL, not_compared=25)[0] is OriginResult.PROVED


@pytest.mark.parametrize(
    ("origin", "state", "mark", "outcome"),
    [
        (OriginResult.PROVED, "none", "not found", Outcome.EQUAL),
        (OriginResult.PROVED, "invalid", "not found", Outcome.EQUAL),
        (OriginResult.PROVED, "trusted", "not found", Outcome.NOT_TRIED),
        (OriginResult.LIKELY, "none", "not found", Outcome.SIMILAR),
        (OriginResult.LIKELY, "none", "found", Outcome.NOT_TRIED),
        (OriginResult.CONTRADICTED, "none", "not found", Outcome.DIFFERENT),
        (OriginResult.CONTRADICTED, "trusted", "found", Outcome.DIFFERENT),
        (OriginResult.CONTRADICTED, "invalid", "not found", Outcome.NOT_TRIED),
        (OriginResult.CLAIMED, "valid", "not found", Outcome.NOT_TRIED),
        (OriginResult.CLAIMED, "none", "not found", Outcome.NOT_TRIED),
    ],
)
def test_the_strongest_proof_decides(
    origin: OriginResult, state: str, mark: str, outcome: Outcome
) -> None:
    """In this order: pixels made again, trusted signature, similar picture, watermark, claims."""
    assert judged(state, mark, outcome)[0] is origin


def test_where_nothing_is_found_nothing_is_proved() -> None:
    """Neither for nor against."""
    origin, sentence = judged(stated=False)

    assert origin is OriginResult.UNKNOWN
    assert "That proves nothing" in sentence


def test_credentials_that_do_not_fit_are_said_beside_a_proof() -> None:
    """The pixels are proved, the signature is not."""
    assert judged("invalid", outcome=Outcome.EQUAL)[1].endswith("credentials do not fit the file.")


def test_every_combination_is_a_sentence() -> None:
    """That begins with a capital and ends with a full stop."""
    marks = ["found", "not found", "not tried"]
    for state, mark, outcome, stated in itertools.product(STATES, marks, Outcome, (True, False)):
        _, sentence = judged(state, mark, outcome, stated=stated)
        assert sentence[:1].isupper() or sentence.startswith("faces-64 made")
        assert sentence.endswith(".")
        assert "None" not in sentence
