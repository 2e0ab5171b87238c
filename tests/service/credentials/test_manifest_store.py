"""The answer of the library about a file."""

from __future__ import annotations

import pytest

from service.credentials.manifest_store import (
    LONGEST_TEXT,
    ManifestStore,
    SignedManifest,
    Unreadable,
    actions_in,
    bounded_line,
    read_store,
)
from service.media.encoding import encode
from tests.service.pictures import FACTS, painted


def test_a_file_without_a_store_gives_none() -> None:
    """It is whole, and unsigned."""
    assert read_store(encode(painted(32), "png", FACTS), "image/png", "") is None


def test_a_file_that_is_cut_short_is_unreadable() -> None:
    """The message is the library's."""
    with pytest.raises(Unreadable, match="PNG"):
        read_store(encode(painted(32), "png", FACTS)[:500], "image/png", "")


def test_fields_of_another_form_are_left_out() -> None:
    """The store of a stranger may hold anything below a known label."""
    manifest = SignedManifest.model_validate(
        {"assertions": [{"label": "a", "data": ["x"]}, {"label": "b", "data": {"actions": 7}}]}
    )

    assert manifest.fields_of("a") == {}
    assert manifest.fields_of("missing") == {}
    assert actions_in(manifest.fields_of("b")) == []


def test_a_store_without_its_active_manifest_says_nothing() -> None:
    """The name of the active one may lead nowhere."""
    assert ManifestStore(active_manifest="gone").active == SignedManifest()


def test_a_long_text_is_one_line_of_bounded_length() -> None:
    """Line breaks would forge lines of a log."""
    assert bounded_line("a\nb\r\n" * 10_000) == bounded_line("a b " * 10_000)
    assert len(bounded_line("x" * 10_000)) == LONGEST_TEXT
