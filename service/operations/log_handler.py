"""Log handler for a stream that may fail, as with a full disk or a closed pipe.

Owns the rule that the service continues if its log fails: lines that cannot be written are lost,
and the next line that can be written reports their number. Knows nothing of their content.
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO


class LossyHandler(logging.StreamHandler[TextIO]):
    """Writes to a stream; if that fails, only the line is lost.

    Attributes:
        lost: number of lines that could not be written since the last one that could.
    """

    lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; after a loss, write the number of lost lines first."""
        lost, self.lost = self.lost, 0
        if lost:
            super().emit(
                _warning_record(f"{lost} log lines were lost: the log could not be written")
            )
        if self.lost:  # the stream still fails
            self.lost = lost + 1
        else:
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Count a line that could not be written; errors of the record are reported as usual."""
        if isinstance(sys.exc_info()[1], OSError):
            self.lost += 1
        else:
            super().handleError(record)


def _warning_record(text: str) -> logging.LogRecord:
    return logging.LogRecord(__name__, logging.WARNING, __file__, 0, text, None, None)
