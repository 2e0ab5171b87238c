"""How many images a batch may hold, after the device's memory was too small for more.

Owns one number: it falls at once and rises slowly, as the window of a TCP connection does. Knows
nothing of memory, threads or recipes.
"""

from __future__ import annotations

RAISE_AFTER = 100  # full batches; so at worst one batch in a hundred is computed twice


class BatchSizeLimit:
    """The largest batch that is worth trying.

    Args:
        most: images; as set by the operator.

    Attributes:
        size: images that a batch may hold now, 1 to `most`.
    """

    def __init__(self, most: int) -> None:
        self.size = self._most = most
        self._full_batches = 0

    def lower(self, size: int) -> None:
        """More than `size` images did not fit."""
        self.size = max(1, min(self.size, size))
        self._full_batches = 0

    def fitted(self, size: int) -> None:
        """A batch of `size` images fitted; one image more is tried when many full ones have."""
        if size < self.size or self.size == self._most:
            return
        self._full_batches += 1
        if self._full_batches == RAISE_AFTER:
            self.size += 1
            self._full_batches = 0
