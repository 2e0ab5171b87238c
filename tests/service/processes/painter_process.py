"""An engine process without a network, for `tests.service.processes.painter_service`."""

from __future__ import annotations

import time
from collections.abc import Sequence

from models.picture import Pixels
from service.batching.recipe import Recipe
from service.processes.engine_process import serve_engine
from tests.service.painter import Painter

SLOW_SEED = 424_242  # its pictures take SLOW_S seconds
SLOW_S = 3.0


class SlowPainter(Painter):
    """A painter that needs time for the pictures of one seed."""

    def paint_batch(self, recipes: Sequence[Recipe]) -> list[Pixels]:
        """The images of a batch."""
        if any(recipe.point.start == SLOW_SEED for recipe in recipes):
            time.sleep(SLOW_S)
        return super().paint_batch(recipes)


if __name__ == "__main__":
    serve_engine(SlowPainter().open)
