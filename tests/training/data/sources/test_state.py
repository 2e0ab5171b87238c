"""The state of a source."""

import os
from pathlib import Path

from training.data.sources.state import (
    STATE_FILE,
    Found,
    SourceState,
    difference,
    found_file,
    read_state,
    state_json,
    state_of,
)

FILES = [Found("a.png", 5, 10**18), Found("caf\udce9.png", 6, 2 * 10**18)]
STATE = state_of(FILES)


def test_a_state_is_written_and_read_back(tmp_path: Path) -> None:
    """Beside the manifest."""
    (tmp_path / STATE_FILE).write_text(state_json(STATE))

    assert read_state(tmp_path) == STATE
    assert STATE == SourceState(2, 11, "2033-05-18T03:33:20+00:00", STATE.sha256)


def test_a_state_that_is_missing_or_odd_is_not_known(tmp_path: Path) -> None:
    """Then nothing is compared with it."""
    assert read_state(tmp_path) is None
    (tmp_path / STATE_FILE).write_text(state_json(STATE).replace("11", '"11"'))
    assert read_state(tmp_path) is None


def test_every_change_is_told() -> None:
    """Number, size, time, and names alone."""
    assert difference(STATE, state_of(FILES)) == ""
    assert "2 files then, 1 now" in difference(STATE, state_of(FILES[:1]))
    assert "11 bytes then, 5 now" in difference(STATE, state_of(FILES[:1]))
    later = [FILES[0], Found("caf\udce9.png", 6, 3 * 10**18)]
    assert "last change 2033-05-18" in difference(STATE, state_of(later))
    renamed = [Found("b.png", 5, 10**18), FILES[1]]
    assert difference(STATE, state_of(renamed)) == "names or times of files"


def test_a_file_on_disk_has_a_size_and_a_time(tmp_path: Path) -> None:
    """As the file system says."""
    (tmp_path / "a").write_bytes(b"four")
    os.utime(tmp_path / "a", ns=(7, 12345))

    assert found_file(tmp_path / "a") == Found("a", 4, 12345)
