"""The page of a run, kept up to date while it trains.

Owns when its neighbours are searched, for at most a hundredth of the time, and that a page which
cannot be written never ends a training.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from pathlib import Path

from models.families.progan.generator import Generator
from models.families.progan.growth import Growth
from training.data.stream import Prepared
from training.report.nearest_neighbours import find_neighbours, save_neighbours
from training.report.page import KEPT_FOLDER, REPORT_FILE, write_page

SHARE = 0.01  # of the time spent training


class Reporter:
    """Writes `report.html` into the folder of a run.

    Args:
        run: the folder.
        prepared: the pictures it learns from.
        say: where to tell that a page could not be written.
    """

    def __init__(self, run: Path, prepared: Prepared, say: Callable[[str], None]) -> None:
        self.run = run
        self.prepared = prepared
        self.say = say
        self._cost = 0.0  # seconds that the last search took
        self._trained = 0.0  # seconds of training, when it began

    def report(self, average: Generator, growth: Growth, trained: float, *, last: bool) -> None:
        """Write the page, with new neighbours where the search before has been earned.

        Args:
            average: draws the pictures whose neighbours are shown.
            growth: how far it has grown.
            trained: seconds of training so far, all sessions together.
            last: nothing comes after: search in any case.
        """
        try:
            if last or (trained - self._trained) * SHARE >= self._cost:
                began = time.perf_counter()
                found = find_neighbours(average, growth, self.prepared)
                save_neighbours(self.run / KEPT_FOLDER, found)
                self._cost, self._trained = time.perf_counter() - began, trained
            write_page(self.run, self.run / REPORT_FILE, self.run / KEPT_FOLDER)
        except Exception as error:  # noqa: BLE001 - no fault of a page may end a training
            self.say(f"{self.run / REPORT_FILE} could not be written ({error}); training goes on")
            self.say(traceback.format_exc().rstrip())
