"""TensorBoard event files of a run: the numbers of its journal and its picture grids.

Owns the events that are written, and the marks by which readers drop events of an interrupted
session. Event files contain the time of day, so a resumed run does not reproduce them byte for
byte. Needs the extra `tensorboard`; this module is imported only if event files are requested.

Events are written synchronously: they are on the disk when `tick` returns.
`tensorboardX.SummaryWriter` passes them to a thread through a queue that its `flush` does not wait
for: a process killed after a checkpoint would lose events that the resumed run does not write
again, and a full disk would end that thread without an error.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportUnknownParameterType=false
# The protocol buffers of tensorboardX create their classes at import.

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import Self

from PIL import Image
from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event, SessionLog
from tensorboardX.proto.summary_pb2 import Summary

from training.run_folder.journal import Line

EVENTS = "tensorboard"  # the folder in a run
GRID = "samples"  # the name of the picture grids
FILE_VERSION = "brain.Event:2"  # from this version on, readers know sessions


class Events:
    """Event file of one session; use it as a context manager. The x axis is images shown.

    Args:
        folder: of the event files of all sessions; TensorBoard reads them as one run.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: EventsWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer:
            self._writer.close()

    def begin(self, images_shown: int) -> None:
        """Create the event file of this session, which resumes after `images_shown` images.

        Later events of earlier sessions are written again. Readers drop the old ones: the start
        of a session makes them drop every event from its own step on.

        Raises:
            OSError: the disk is full.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        # File names contain the second of creation; two sessions in one second need a suffix.
        suffix = f".{images_shown:012d}"
        self._writer = EventsWriter(str(self._folder / "events"), suffix)
        start = SessionLog(status=SessionLog.START)
        self._write(Event(step=images_shown + 1, file_version=FILE_VERSION))
        self._write(Event(step=images_shown + 1, session_log=start))

    def tick(self, line: Line, images_per_second: float, grid: Path) -> None:
        """Write a line of the journal, with the speed and the picture grid of that tick.

        Raises:
            OSError: the disk is full.
        """
        numbers = {**line, "images_per_second": images_per_second}
        shown = int(str(numbers.pop("images_shown")))
        values = [
            Summary.Value(tag=name, simple_value=value)
            for name, value in numbers.items()
            if isinstance(value, int | float)
        ]
        values.append(Summary.Value(tag=GRID, image=_picture(grid)))
        self._write(Event(step=shown, summary=Summary(value=values)))

    def _write(self, event: Event) -> None:
        if not self._writer:
            raise RuntimeError("events come after begin()")
        event.wall_time = time.time()
        self._writer.write_event(event)
        self._writer.flush()


def _picture(path: Path) -> Summary.Image:
    """PNG file as an image of an event."""
    with Image.open(path) as image:
        width, height, channels = *image.size, len(image.getbands())
    content = path.read_bytes()
    return Summary.Image(
        height=height, width=width, colorspace=channels, encoded_image_string=content
    )
