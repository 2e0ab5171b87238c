"""The training bench as a command: what it is asked for, what it prints and writes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bench.learning.growing import Gain
from bench.learning.rounds import Row
from bench.training import main, options_of, speedups, table, told, verdicts

ROWS = [
    Row("pro-gan-pth==3.4", 10.0, 9.0, 1.0, 1.0),
    Row("same loss", 15.0, 13.0, 1.5, 1.4),
    Row("default", 40.0, 39.0, 4.0, 4.1),
    Row("other precision", 60.0, 50.0, 6.0, 5.5),
]


def test_without_data_the_long_part_is_left_out() -> None:
    """It needs pictures that something can be learned from."""
    assert options_of([]).only == ["rival", "shares"]
    assert options_of(["--data", "d"]).only == ["rival", "shares", "progressive"]
    assert options_of(["--data", "d", "--only", "shares"]).only == ["shares"]


def test_the_long_part_without_data_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """At once, and with what to do."""
    with pytest.raises(SystemExit):
        options_of(["--only", "progressive"])

    assert "--only progressive needs --data" in capsys.readouterr().err


def test_speed_ups_have_the_names_that_others_read() -> None:
    """The peer itself has none."""
    assert speedups(ROWS) == {
        "speedup_same_loss": 1.5,
        "median_speedup_same_loss": 1.4,
        "speedup_default": 4.0,
        "median_speedup_default": 4.1,
        "speedup_other_precision": 6.0,
        "median_speedup_other_precision": 5.5,
    }


def test_a_missed_bar_is_told_as_missed() -> None:
    """From below for speed, from above for shares; a value never reached is missed, too."""
    report: dict[str, float | None] = {**speedups(ROWS), "progressive_speedup_kid": None}
    report |= {"share_data": 0.02, "share_outside_networks": 0.2}

    assert verdicts(report) == [
        "speedup_same_loss 1.5 (at least 1.4): met",
        "speedup_default 4.0 (at least 5): MISSED",
        "progressive_speedup_kid None (at least 3): MISSED",
        "share_data 0.02 (at most 0.03): met",
        "share_outside_networks 0.2 (at most 0.1): MISSED",
    ]


def test_the_table_has_every_part_that_was_measured() -> None:
    """With the mends of the peer, and what default means."""
    lines = table(
        {
            "machine": "a toaster",
            "rows": [vars(row) for row in ROWS],
            "mends": ["a patch"],
            "default_game": "personas-128: some loss",
            "gains": [vars(Gain("swd", 5.0, 600.0, 150.0, 4.0))],
        }
    )

    text = "\n".join(lines)
    assert lines[0] == "a toaster"
    assert "mend: a patch" in lines
    assert "default is personas-128: some loss; images per second:" in lines
    assert "default                 40.00    39.00    4.00x    4.10x" in text
    assert "swd 5: at full size 10.0 min, growing 2.5 min" in text


def test_a_value_that_was_never_reached_is_told_so() -> None:
    """Not as a time of 0."""
    assert told(Gain("kid", 0.1, 60.0, None, None)).endswith("1.0 min, growing never")
    assert told(Gain("kid", 0.1, 60.0, None, None, 0.614)).endswith(
        "growing never; where growing ended it was 0.61 times as fast"
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_command_prints_its_shares_and_writes_its_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A real run of two steps on random pictures."""
    out = tmp_path / "report.json"
    options = "--only shares --resolution 8 --batch 4 --share-images 8 --threads 1"
    monkeypatch.setattr(sys, "argv", ["training.py", *options.split(), "--json", str(out)])

    main()

    report = json.loads(out.read_text(encoding="utf-8"))
    assert 0 < report["share_data"] < report["share_outside_networks"] < 1
    assert "backward" in report["shares"]
    printed = capsys.readouterr().out
    assert "share of the time of 8 images" in printed
    assert "generator forward" in printed
