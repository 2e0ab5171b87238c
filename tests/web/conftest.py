"""Fixtures of the tests in a real browser: one Chromium for each process, a service with models."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from shutil import rmtree
from typing import Final

import httpx2
import pytest

from models.card import Card
from service.settings import Settings
from tests.service import painter
from tests.service.painter import Painter
from tests.service.styled_models import directed_card, styled_card
from tests.service.translating_models import translating_card
from tests.web.browser import served
from tests.web.chromium import Chromium, Visit, chromium_program

NO_CHROMIUM: Final = "no Chromium on this machine: install Debian's package `chromium`"
card_named: Final = painter.card_named


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """The browser of this process; it starts with the first test that needs it."""
    program = chromium_program()
    if program is None:
        pytest.skip(NO_CHROMIUM)
    browser = Chromium(program)
    yield browser
    browser.close()


@pytest.fixture
def visit(chromium: Chromium) -> Iterator[Visit]:
    """Opens pages; the test fails if one of them had an error or asked another host."""
    visits = Visit(chromium)
    yield visits
    visits.close()
    assert visits.faults == []


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that opens pages in the browser's thread."""
    visits = pyfuncitem.funcargs.get("visit")
    if not isinstance(visits, Visit):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    visits.chromium.run(lambda: pyfuncitem.obj(**arguments))
    return True


@dataclass
class Site:
    """A service on a port, with bundles that come and go, which can be stopped and started again.

    Attributes:
        settings: of the service.
        address: without a slash at the end; the same after `start`.
        painter: the engine that answers now.
    """

    settings: Settings
    address: str
    painter: Painter
    _running: ExitStack

    def start(self) -> None:
        """Serve again, at the same address, with a new engine."""
        self.painter = Painter(card_of_version("first"))
        port = int(self.address.rpartition(":")[2]) if self.address else 0
        self.address = self._running.enter_context(served(self.settings, self.painter, port))

    def stop(self) -> None:
        """End the service; its address then answers nothing."""
        self._running.close()

    def pixels(self, seed: str, **fields: str) -> str:
        """The digest of the pixels at an address with these fields, of `first` without a model."""
        query = {"model": "first", "seed": seed, **fields}
        response = httpx2.get(f"{self.address}/images", params=query)
        return response.raise_for_status().headers["X-Pixel-SHA256"]

    def put(self, folder: str, version: str) -> None:
        """Add or replace the bundle in `folder`; `name version` gives it another digest."""
        bundle = self.settings.bundles[0] / folder
        bundle.mkdir(parents=True, exist_ok=True)
        (bundle / "card.json").write_text(version)

    def drop(self, folder: str) -> None:
        """Remove a bundle."""
        rmtree(self.settings.bundles[0] / folder)


def card_of_version(text: str) -> Card:
    """The card of `name version`, with a digest of both.

    `classes` has two classes, `large` has pictures of 256 pixels, `styled` takes psi and mix,
    `directed` takes edits, and `shades` translates pictures.
    """
    name = text.split()[0]
    digest = sha256(text.encode()).hexdigest()
    special = {"styled": styled_card, "directed": directed_card, "shades": translating_card}
    if name in special:
        return replace(special[name](name), weights_sha256=digest)
    labels = ("calm", "loud") if name == "classes" else ()
    card = card_named(name, 256 if name == "large" else 32, labels=labels)
    return replace(card, weights_sha256=digest)


@contextmanager
def opened_site(settings: Settings) -> Generator[Site]:
    """A service with the model `first`, which follows its bundles and soon forgets old ones."""
    changes = {"bundles_poll_s": 0.05, "retired_model_s": 1, "credentials": False}
    with pytest.MonkeyPatch.context() as patch, ExitStack() as running:
        patch.setattr(painter, "card_named", card_of_version)
        there = Site(settings.model_copy(update=changes), "", Painter(), running)
        there.put("first", "first")
        there.start()
        yield there


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    """A service for one test, which may stop it or change its models."""
    with opened_site(settings) as there:
        yield there


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A service for the tests of a module that leave it as it is, or only add models."""
    folder = tmp_path_factory.mktemp("site")
    settings = Settings(
        bundles=(folder / "bundles",), credentials_folder=folder, encoders=1, threads=1
    )
    with opened_site(settings) as there:
        yield there
