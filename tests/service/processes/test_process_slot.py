"""A place in the tree: its process is started, watched, and killed when it is silent."""

from __future__ import annotations

import os

import pytest

from service.processes import process_slot
from service.processes.process_slot import ProcessSlot
from service.processes.tree_state import ENGINE, TreeState
from service.settings import Settings

pytestmark = pytest.mark.anyio

PACKAGE = "tests.service.processes"


async def test_the_end_of_a_process_is_told_with_its_exit_code(settings: Settings) -> None:
    """Its session is closed; it was never ready."""
    slot = ProcessSlot(ENGINE, "engine-0", [f"{PACKAGE}.broken_process"], [])
    state = TreeState(settings, list)
    code = await slot.run(state, os.environ, silence_s=60.0)

    assert code == 3
    assert (slot.is_running, slot.is_ready) == (False, False)
    assert slot.session is not None
    assert not slot.session.has_been_ready
    assert not slot.session.connection.is_open


async def test_a_process_that_never_says_a_word_is_killed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """After the time that loading may take, which is less here."""
    monkeypatch.setattr(process_slot, "LOADING_S", 0.3)
    slot = ProcessSlot(ENGINE, "engine-0", [f"{PACKAGE}.silent_process"], [])
    code = await slot.run(TreeState(settings, list), os.environ, silence_s=60.0)

    assert code == -9
    assert "engine-0 has been silent for 0 s: it is killed" in caplog.text
