"""Pickles as trees: nothing of them is imported or called."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from pathlib import Path

import pytest
import torch

from tests.training.imports.hostile_files import calls_by
from training.imports.inert_pickle import PickledCall, PickledName, read_inert
from training.imports.refusal import ImportRefusedError

VALUES = {
    "numbers": [0, -1, 300, 70_000, 2**40, -(2**70), 1.5, True, False, None],
    "texts": ["a", "ä" * 300, b"bytes", b"more" * 100, bytearray(b"x")],
    "nested": ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), {"a": {1: [2]}}, {3, 4}),
}


@pytest.mark.parametrize("protocol", range(4, pickle.HIGHEST_PROTOCOL + 1))
def test_plain_values_are_what_they_were(protocol: int) -> None:
    """Of all protocols that write them without calls."""
    values = {**VALUES, "texts": [*VALUES["texts"][: 4 if protocol < 5 else 5]]}
    again = [values["nested"], values["nested"]]

    assert read_inert(pickle.dumps([values, again], protocol), "x.pkl") == [values, again]


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_what_would_be_called_is_noted(protocol: int) -> None:
    """With its arguments, its items, and what would become its attributes."""
    ordered = OrderedDict(a=1)
    ordered.kept = "here"  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue] - what a file may have
    call, kind = read_inert(pickle.dumps((ordered, OrderedDict), protocol), "x.pkl")  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]

    assert isinstance(call, PickledCall)
    assert (call.name, call.items, call.state) == (
        "collections OrderedDict",
        {"a": 1},
        {"kept": "here"},
    )
    assert kind == PickledName("collections OrderedDict")


@pytest.mark.parametrize(
    "name",
    [
        *("posix.system", "__builtin__.eval", "__builtin__.exec", "__builtin__.getattr"),
        *("builtins.open", "subprocess.Popen", "posix.mkdir"),
    ],
)
def test_anything_else_is_refused_by_its_name(name: str, tmp_path: Path) -> None:
    """Before the next instruction is read; its canary is not created."""
    with pytest.raises(ImportRefusedError, match=rf"wants to call {name}.*nothing of it was run"):
        read_inert(calls_by(tmp_path / "canary")[name], "x.pkl")
    assert not [*tmp_path.iterdir()]


def nested_tuples(levels: int) -> bytes:
    """Instructions for a tuple that holds the one before it twice, and so on."""
    return b")" + b"".join(b"\x94h" + bytes([n]) + b"\x86" for n in range(levels))


@pytest.mark.parametrize(
    "content",
    [
        b"}" + nested_tuples(60) + b"Ns.",
        b"\x8f(" + nested_tuples(60) + b"\x90.",
        b"}" + b")" + b"\x85" * 200_000 + b"Ns.",
        b"}\x8a\x09" + (2**64).to_bytes(9, "little") + b"Ns.",
    ],
    ids=["doubled key", "doubled member", "deep key", "large number"],
)
def test_keys_whose_hash_takes_long_are_refused(content: bytes) -> None:
    """A hash of 2^60 steps would not end, one of 200,000 levels break the process."""
    with pytest.raises(ImportRefusedError, match="a key is neither text nor a small number"):
        read_inert(b"\x80\x04" + content, "x.pkl")


def test_many_small_groups_above_many_values_are_read_at_once() -> None:
    """The end of the stack is searched for a mark, not all of it: 10^11 comparisons otherwise."""
    values = read_inert(b"\x80\x04" + b"(" + b"N" * 300_000 + b"(t" * 300_000 + b"t.", "x.pkl")

    assert values == (None,) * 300_000 + ((),) * 300_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x80\x02ios\nmkdir\n.", "wants to call os.mkdir"),
        (b"\x80\x02(ios\nmkdir\n.", "wants to call os.mkdir"),
        (b"\x80\x02\x82\x01)R.", "wants to call EXT1"),
        (b"\x80\x02N", "cut short"),
        (b"\x80\x02.", "damaged"),
        (b"\x80\x02]K\x01\x85R.", "a result is called"),
        (b"\x80\x02K\x01}b.", "no object"),
        (b"\x80\x02}]K\x01s.", "neither text nor a small number: list"),
        (b"\x80\x02h\x07.", "damaged"),
        (b"\x80\x04}\x8c\x01a\x94", "cut short"),
        (pickle.dumps(torch.zeros(3), 2)[:-40], "damaged or cut short"),
    ],
)
def test_damaged_pickles_are_refused(content: bytes, message: str) -> None:
    """In words; none costs anything."""
    with pytest.raises(ImportRefusedError, match=message):
        read_inert(content, "x.pkl")
