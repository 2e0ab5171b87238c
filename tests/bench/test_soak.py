"""The soak: its bars on runs that are made up, and all of it on a real service for seconds."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bench import soak
from bench.load import Record, Request
from bench.soak import Run, as_json, as_table, missed, quarters_of

SECONDS = 400.0


def record(due: float, status: int = 200, latency: float = 0.1, fault: str = "") -> Record:
    """An answer that took `latency` seconds."""
    done = due + latency
    return Record(Request("/"), due, due + 0.001, done, done, status, 5, fault)


def run_with(records: Sequence[Record] = (), growth: float = 0.0) -> Run:
    """A run without fault but for `records`, whose memory grows by so many MiB a second."""
    fine = [record(float(due)) for due in range(int(SECONDS))]
    memory = [(float(t), 300.0 + growth * t + (t % 2)) for t in range(int(SECONDS))]
    return Run(SECONDS, 100.0, 80.0, [*fine, *records], memory, [])


def test_a_run_without_fault_misses_no_bar() -> None:
    """Refusals and 304 are answers, too."""
    run = run_with([record(1.0, 304), record(2.0, 503), record(3.0, 504), record(4.0, 429)])
    report = as_json(run)

    assert missed(run) == []
    assert (report["all"]["refused"], report["all"]["wrong"]) == (3, 0)
    assert as_table(report).endswith("no bar is missed")


@pytest.mark.parametrize("wrong", [record(1.0, 500), record(1.0, 404), record(1.0, 0, fault="X")])
def test_an_answer_that_is_neither_good_nor_refused_is_a_miss(wrong: Record) -> None:
    """One is enough."""
    (told,) = missed(run_with([wrong]))

    assert "1 answers were neither good nor refusals" in told


def test_memory_that_grows_is_a_miss_but_not_while_it_warms() -> None:
    """Growth within the first quarter is no leak; growth after it is."""
    warming = run_with()
    grown = [(t, mib + min(t, 90.0)) for t, mib in warming.memory]

    assert missed(replace(warming, memory=grown)) == []
    assert "memory grows by 0.60 +- 0.0" in missed(run_with(growth=0.01))[0]


def test_a_changed_picture_is_a_miss() -> None:
    """The promise of a seed."""
    (told,) = missed(replace(run_with(), changed=["/images/7"]))

    assert told == "1 pictures changed, as /images/7"


def test_answers_that_take_ever_longer_are_a_miss() -> None:
    """The last quarter beside the first, by p99."""
    slow = [record(350.0 + n, latency=9.0) for n in range(10)]

    assert missed(run_with(slow)) == ["p99 went from 100 to 9000 ms"]


def test_quarters_hold_what_was_due_in_them() -> None:
    """Each request in one of them."""
    quarters = quarters_of(run_with([record(399.5)]))

    assert [part.requests for part in quarters] == [100, 100, 100, 101]
    assert quarters[0].p50_ms == pytest.approx(100.0)
    assert quarters[0].lag_p99_ms == pytest.approx(1.0)
    assert quarters[3].resident_mib == 301.0


@pytest.mark.timeout(900)
@pytest.mark.slow
@pytest.mark.usefixtures("forked_services")
def test_a_real_service_is_soaked(
    bundles: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For three seconds, which say nothing of its memory and all of the report."""
    monkeypatch.setenv("PROGAN_BUNDLES", str(bundles))
    monkeypatch.setenv("PROGAN_THREADS", "1")
    monkeypatch.setattr(soak, "SAMPLES", 40)
    command = ["soak", "--minutes", "0.05", "--load", "0.2", "--json"]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as left:
        soak.main()
    report = json.loads(capsys.readouterr().out)

    assert report["all"]["requests"] > 0
    assert report["all"]["wrong"] == 0
    assert report["pictures_changed"] == 0
    assert report["rate_a_second"] == pytest.approx(0.2 * report["saturation_a_second"])
    assert left.value.code == bool(report["missed"])
