"""The page of a run, updated while it trains.

Owns the times at which nearest neighbours are searched (about 1 % of the training time at most),
and the rule that a page which cannot be written does not stop training.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from pathlib import Path

from models.family import ImageGenerator
from models.growth import Growth
from training.data.stream import Prepared
from training.report.nearest_neighbours import find_neighbours, save_neighbours
from training.report.page import KEPT_FOLDER, REPORT_FILE, write_page

SHARE = 0.01  # of the time spent training


class Reporter:
    """Writes `report.html` into the folder of a run.

    Args:
        run: the folder.
        prepared: the training pictures.
        say: called with a message if a page could not be written.
    """

    def __init__(self, run: Path, prepared: Prepared, say: Callable[[str], None]) -> None:
        self.run = run
        self.prepared = prepared
        self.say = say
        self._cost = 0.0  # seconds that the last search took
        self._trained = 0.0  # seconds of training at the last search

    def report(
        self, average: ImageGenerator, growth: Growth, trained: float, *, last: bool
    ) -> None:
        """Write the page; search new neighbours if this keeps the share of time within `SHARE`.

        Args:
            average: averaged generator of the pictures whose neighbours are shown.
            growth: of `average`.
            trained: seconds of training so far, in all sessions together.
            last: True for the last page of a run: neighbours are searched in any case.
        """
        try:
            if last or (trained - self._trained) * SHARE >= self._cost:
                began = time.perf_counter()
                found = find_neighbours(average, growth, self.prepared)
                save_neighbours(self.run / KEPT_FOLDER, found)
                self._cost, self._trained = time.perf_counter() - began, trained
            write_page(self.run, self.run / REPORT_FILE, self.run / KEPT_FOLDER)
        except Exception as error:  # noqa: BLE001 - no error of the page may stop training
            self.say(f"{self.run / REPORT_FILE} could not be written ({error}); training goes on")
            self.say(traceback.format_exc().rstrip())
