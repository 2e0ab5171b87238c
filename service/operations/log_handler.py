"""Where log lines go: a stream that may fail, as a full disk or a closed pipe does.

Owns the rule that the service outlives its log: lines that cannot be written are lost, and counted
in the next line that can. Knows nothing of their content.
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO


class LossyHandler(logging.StreamHandler[TextIO]):
    """Writes to a stream; when that fails, the line is lost and nothing else.

    Attributes:
        lost: lines that could not be written since the last one that could.
    """

    lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; before the first one after a loss, how many were lost."""
        lost, self.lost = self.lost, 0
        if lost:
            super().emit(
                _warning_record(f"{lost} log lines were lost: the log could not be written")
            )
        if self.lost:  # it still cannot
            self.lost = lost + 1
        else:
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - as it is called
        """Count what could not be written; errors of the record itself are reported as usual."""
        if isinstance(sys.exc_info()[1], OSError):
            self.lost += 1
        else:
            super().handleError(record)


def _warning_record(text: str) -> logging.LogRecord:
    return logging.LogRecord(__name__, logging.WARNING, __file__, 0, text, None, None)
