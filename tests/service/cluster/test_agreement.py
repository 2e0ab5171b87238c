"""The agreement of replicas on the pictures of a model."""

from __future__ import annotations

from dataclasses import replace

from service.batching.engine import EngineMode, ModelInfo
from service.cluster.agreement import (
    PICTURE_FACTS,
    first_facts,
    picture_difference,
    picture_facts,
)
from tests.service.painter import card_named

MODE = EngineMode("cuda:0", "fp32", "torch 2", processor="H200")
INFO = ModelInfo(card_named("tiny-32"), MODE, self_test="abc")


def test_all_that_changes_pictures_is_a_fact_and_the_number_of_the_device_is_none() -> None:
    """Two devices of one kind on one node, or on two, agree."""
    facts = picture_facts(INFO)

    assert len(facts) == len(PICTURE_FACTS)
    assert picture_facts(replace(INFO, mode=replace(MODE, device="cuda:1"))) == facts
    for other in (
        replace(INFO, self_test="xyz"),
        replace(INFO, watermark="other"),
        *(
            replace(INFO, mode=replace(MODE, **{name: value}))
            for name, value in (
                ("precision", "bf16"),
                ("libraries", "torch 3"),
                ("processor", "A100"),
                ("exact", False),
            )
        ),
    ):
        assert picture_facts(other) != facts


def test_a_difference_is_told_by_its_names_and_both_values() -> None:
    """An operator reads which node is the odd one."""
    other = replace(INFO, self_test="xyz", mode=replace(MODE, processor="A100"))
    text = picture_difference("tiny-32@0", picture_facts(INFO), picture_facts(other))

    assert text is not None
    assert "tiny-32@0: this replica would make other pictures than the first one" in text
    assert "processor 'H200', here 'A100'; self-test 'abc', here 'xyz'" in text
    assert "precision" not in text
    assert picture_difference("tiny-32@0", picture_facts(INFO), picture_facts(INFO)) is None


def test_the_first_is_the_oldest_replica_that_has_the_model() -> None:
    """Others have no say; without any there is no first."""
    replicas = [{"other@0": ["x"]}, {"tiny@0": ["a"]}, {"tiny@0": ["b"]}]

    assert first_facts("tiny@0", replicas) == ["a"]
    assert first_facts("new@0", replicas) is None
