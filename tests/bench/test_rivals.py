"""What the bench of servers is made of: the two insides, processes, ratios; one server for real."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from bench.load import Request
from bench.rivals.catalogue import (
    FRONT_ENDS,
    HOST,
    OURS,
    PROGAN,
    REPLICAS,
    RIVALS,
    SIGNED,
    Server,
    environment_of,
)
from bench.rivals.environment import REQUIREMENTS
from bench.rivals.inside import Eager, Orders, Ours
from bench.rivals.measuring import Plan, Result, measure, pixels_of
from bench.rivals.networks import WIDTHS, Network, write_random
from bench.rivals.processes import DidNotStart, Running, ask
from bench.rivals.rows import AS_WRITTEN, BARE, OUR_ENGINE, Contender, Row, ratios, rows_of
from bench.service_process import free_port
from models.bundle import load_bundle
from service.environment import read_settings

ROW = Row("n", OURS, OUR_ENGINE, 80.0, 90.0, 10.0, None, None, 0.0, (), (), None, 1)
RESULT = Result(10.0, 5.0, 100.0, 1.0, 0.0, (), (), (np.zeros((2, 2), np.uint8),))


def test_both_insides_make_the_same_picture_of_a_seed(bundles: Path) -> None:
    """One step of 255 is what folding scales into weights may round."""
    eager, ours = Eager(bundles, threads=1), Ours(bundles, threads=1)

    files = [inside.encode(7, inside.render([7, 8])[0]) for inside in (eager, ours)]

    plain, mine = (pixels_of(file).astype(int) for file in files)
    assert plain.shape == (32, 32, 3)
    assert np.abs(plain - mine).max() <= 1


def test_the_network_of_random_weights_is_always_the_same(tmp_path: Path) -> None:
    """Numbers of two runs can be compared only if it is."""
    for place in ("a", "b"):
        write_random(tmp_path / place / "random-64")

    first, second = (load_bundle(tmp_path / place / "random-64").card for place in ("a", "b"))

    assert first.weights_sha256 == second.weights_sha256
    assert [WIDTHS.feature_maps(level) for level in range(5)] == [128, 128, 128, 64, 32]


def running(command: list[str], folder: Path, port: int) -> Running:
    """A program that may serve files."""
    return Running(command, {}, folder / "log", f"http://{HOST}:{port}")


def test_a_server_is_measured_and_ended_with_its_processes(tmp_path: Path) -> None:
    """Nothing of it is left to disturb the next one."""
    port = free_port()
    serve = [sys.executable, "-m", "http.server", str(port), "--bind", HOST]
    also = f"import subprocess; subprocess.run({serve!r})"

    with running([sys.executable, "-c", also], tmp_path, port) as server:
        server.wait_for(Request("/README.md"))
        everyone = psutil.Process().children(recursive=True)  # other tests may leave their own
        processes = [p for p in everyone if any(str(port) in word for word in p.cmdline())]
        assert len(processes) == 2
        assert server.memory_mb() > 1
        assert server.processor_s() > 0
        assert b"Progan" in ask(server.address, Request("/README.md"))

    running_still = [process for process in processes if process.is_running()]
    assert all(process.status() == psutil.STATUS_ZOMBIE for process in running_still)


def test_a_server_that_ends_at_once_is_told_of_with_what_it_said(tmp_path: Path) -> None:
    """So that nobody has to look for its log."""
    broken = [sys.executable, "-c", "raise SystemExit('no such model')"]

    with (
        running(broken, tmp_path, free_port()) as server,
        pytest.raises(DidNotStart, match="no such model"),
    ):
        server.wait_for(Request("/"))


def test_ratios_are_against_the_best_of_each_kind() -> None:
    """(a) as people write it, (b) our engine inside, and the loop without HTTP."""
    rows = [
        ROW,
        replace(ROW, server="mosec", images_per_s=64.0),
        replace(ROW, server="LitServe", images_per_s=40.0),
        replace(ROW, server="mosec", inside=AS_WRITTEN, images_per_s=20.0),
        replace(ROW, server=BARE, images_per_s=100.0),
    ]

    found = ratios(rows)

    assert (found["speedup_a"], found["ratio_b"], found["efficiency"]) == (4.0, 1.25, 0.8)


def test_a_ratio_to_nobody_is_unknown() -> None:
    """Not a division by zero, and not a victory."""
    assert ratios([ROW])["speedup_a"] is None


def test_a_row_has_the_median_of_its_rounds_and_compares_pictures_with_ours() -> None:
    """Of the best round, only the throughput is told besides."""
    ours = Contender(OURS, OUR_ENGINE, lambda _plan: RESULT)
    other = Contender("mosec", OUR_ENGINE, lambda _plan: RESULT)
    brighter = replace(RESULT, pixels=(np.full((2, 2), 3, np.uint8),))
    rounds = [replace(brighter, images_per_s=speed) for speed in (30.0, 10.0, 20.0)]

    (first, second) = rows_of("n", {ours: [RESULT], other: rounds})

    assert (first.pixel_steps, second.pixel_steps) == (0, 3)
    assert (second.images_per_s, second.images_per_s_most) == (20.0, 30.0)


def test_every_server_is_pinned_to_an_exact_version() -> None:
    """What is compared today is compared tomorrow; FastAPI is the one that is ours, too."""
    lines = [line for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines() if line]
    pins = [line for line in lines if not line.startswith("#")]

    assert all(re.fullmatch(r"[\w.\[\]-]+==[\w.]+", pin) for pin in pins)
    assert {s.package for s in RIVALS} - {"fastapi"} <= {re.split(r"[\[=]", p)[0] for p in pins}


@pytest.mark.parametrize("server", [PROGAN, SIGNED, FRONT_ENDS, REPLICAS], ids=lambda s: s.name)
def test_each_set_up_of_ours_serves_the_measured_bundles(server: Server, tmp_path: Path) -> None:
    """With the settings that the start accepts, and no orders for other servers."""
    environment = environment_of(server, Orders(4711, tmp_path, OUR_ENGINE, 1, 2))

    settings, unknown = read_settings(environment, file=Path(os.devnull))

    assert not unknown
    assert (settings.port, settings.bundles) == (4711, (tmp_path,))
    assert settings.credentials == (server is SIGNED)
    assert settings.frontends == (2 if server is FRONT_ENDS else 0)
    assert settings.min_replicas == (2 if server is REPLICAS else 1)
    assert not [name for name in environment if name.startswith("RIVAL_")]


def test_our_settings_do_not_leak_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's PROGAN_RATE_LIMIT would spoil the measurement."""
    monkeypatch.setenv("PROGAN_RATE_LIMIT", "1/minute")

    environment = environment_of(RIVALS[0], Orders(1, Path("b"), AS_WRITTEN, 2, 1))

    assert "PROGAN_RATE_LIMIT" not in environment
    assert environment["RIVAL_WORKERS"] == "2"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_plain_endpoint_is_measured_from_start_to_end(bundles: Path, tmp_path: Path) -> None:
    """The one rival that needs nothing installed; all the others go the same way."""
    network = Network("tiny-32", bundles, 32)
    plan = Plan(network, Path(sys.executable), tmp_path, 0.5, connections=2, rates=(5.0,))

    result = measure(RIVALS[0], Orders(0, bundles, AS_WRITTEN, 1, 1), plan)

    assert result.images_per_s > 0
    assert result.error_rate == 0
    assert result.cpu_ms_per_image > 0
    assert [latency.rate for latency in result.ours] == [5.0]
    assert [picture.shape for picture in result.pixels] == [(32, 32, 3)] * 3
