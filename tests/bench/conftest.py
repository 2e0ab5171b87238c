"""A service around the small engine, as the tests of service/ have it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import BinaryIO

import pytest
from fastapi.testclient import TestClient

from bench import served
from service.settings import Settings
from tests.fork_server import ForkedProcess, fork
from tests.service.painter import Painter, service_with


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """A client of a ready service with one model of 4 to 32 px."""
    settings = Settings(bundles=(tmp_path,), encoders=1)
    with service_with(Painter(), settings) as ready:
        yield ready


def fork_as_popen(
    command: list[str], *, env: Mapping[str, str], stdout: BinaryIO, **_: object
) -> ForkedProcess:
    """What `bench.served` needs of `subprocess.Popen`, of a process that is forked."""
    assert command[:2] == [sys.executable, "-m"]
    module, *words = command[2:]
    return fork(module, *words, environment=env, output=stdout.fileno())


@pytest.fixture
def forked_services(monkeypatch: pytest.MonkeyPatch) -> None:
    """Services of `bench.served` are forked, which costs a fifth of a start."""
    forking = SimpleNamespace(Popen=fork_as_popen, STDOUT=subprocess.STDOUT)
    monkeypatch.setattr(served, "subprocess", forking)
