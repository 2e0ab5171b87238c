"""The report is JSON that machines read."""

from __future__ import annotations

from service.verification.report import OriginResult, Outcome, RemadePart


def test_outcomes_are_words_in_json() -> None:
    """As the documentation has them."""
    part = RemadePart(outcome=Outcome.NOT_TRIED)

    assert part.model_dump(mode="json")["outcome"] == "not tried"
    assert [each.value for each in OriginResult] == [
        "proved",
        "likely",
        "claimed",
        "contradicted",
        "unknown",
    ]


def test_the_metric_knows_every_origin() -> None:
    """Its labels are a closed set."""
    from service.operations.metrics import ORIGINS  # noqa: PLC0415 - no dependency of the report

    assert set(ORIGINS) == {each.value for each in OriginResult}
