"""What the fault tests share: expected pictures, a service, and the table of what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from models.picture import pixel_sha256
from service.batching.recipe import Recipe, point_of
from service.engine.torch_models import open_models
from tests.faults.process import Service

HEAD = ("fault", "what clients saw", "recovery", "memory before -> after")
ROWS = pytest.StashKey[list[tuple[str, str, str, str]]]()

Note = Callable[..., None]
Expected = Callable[[int, int], str]


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Note:
    """`note(fault, seen, recovery_s=..., memory_mb=(before, after))`: a row of the table."""
    rows = request.config.stash.setdefault(ROWS, [])

    def add(
        fault: str,
        seen: str,
        recovery_s: float | None = None,
        memory_mb: tuple[float, float] | None = None,
    ) -> None:
        recovery = "" if recovery_s is None else f"{recovery_s:.2f} s"
        memory = "{:.0f} -> {:.0f} MB".format(*memory_mb) if memory_mb else ""
        rows.append((fault, seen, recovery, memory))

    return add


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table, but in a quiet run."""
    rows = config.stash.get(ROWS, [])
    if not rows or config.get_verbosity() < 0:
        return
    widths = [max(map(len, column)) for column in zip(HEAD, *rows, strict=True)]
    terminalreporter.section("faults")
    for row in (HEAD, tuple("-" * width for width in widths), *sorted(rows)):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        terminalreporter.write_line("  ".join(cells).rstrip())


@pytest.fixture(scope="session")
def expected(bundles: Path) -> Expected:
    """The SHA-256 of the picture of a seed at a resolution, computed alone and undisturbed."""
    models = open_models(device="cpu", threads=1, max_batch=1, max_work_s=1.0)
    loaded = models.load(next(bundles.iterdir()), lambda *_: None)
    models.activate(loaded)
    model = loaded.served.pinned_name

    @cache
    def digest(seed: int, resolution: int) -> str:
        return pixel_sha256(models.render_batch([Recipe(model, point_of(seed), resolution)]))

    return digest


@pytest.fixture(scope="module")
def shared(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service for all faults of a module that it survives."""
    folder = tmp_path_factory.mktemp("shared")
    with Service(bundles, folder, stall_s="1", max_batch="8") as service:
        yield service.wait_until_ready()


@pytest.fixture
def service(shared: Service) -> Iterator[Service]:
    """The same, without orders before and after."""
    shared.relent()
    yield shared
    shared.relent()
    shared.wait_until_ready()
