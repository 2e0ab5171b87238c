"""The registry of models: each in one state, from the first look at its bundle to its end.

Owns the state of every model, which folder gives it, who has a name first, and how long a retired
digest stays. Knows neither files nor engine nor threads; all calls come from the event loop. Takes
the time as an argument.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from service.batching.engine import BundleRefused, ModelInfo
from service.errors import NotReady
from service.registry.catalogue import (
    ATTEMPTS,
    Catalogue,
    ModelEntry,
    ModelState,
    label_of_folder,
    view_of,
)
from service.registry.watcher import Fingerprint

RETURN_GRACE_S = 1  # whoever had resolved the old digest when it went gets the new one


class ModelRegistry:
    """All models, whatever their state; what clients may ask for is the view `catalogue`.

    Args:
        bundles: the folders that hold bundles.
        wanted_default: name of the model of requests that name none; None to choose.
        grace_s: seconds a retired digest stays at least, unless the next one of its name follows.
    """

    def __init__(self, bundles: Sequence[Path], wanted_default: str | None, grace_s: float) -> None:
        self._bundles = bundles
        self._wanted_default = wanted_default
        self._grace_s = grace_s
        self._entries: list[ModelEntry] = []  # the retiring ones in the order in which they retired
        self._read: dict[Path, Fingerprint] = {}
        self._in_use: Counter[str] = Counter()
        self._catalogue: Catalogue | None = None

    # ------------------------------------------------------------------ folders

    @property
    def read(self) -> Mapping[Path, Fingerprint]:
        """Each folder that holds a bundle, as it was when it was read last."""
        return self._read

    @property
    def names(self) -> set[str]:
        """The names of the models that folders give."""
        return {info.card.name for _, info in self._serving()}

    @property
    def refused(self) -> list[Path]:
        """The folders whose bundle is not served."""
        return [each.folder for each in self._entries if each.state is ModelState.REFUSED]

    def label(self, folder: Path) -> str:
        """The name of a folder in messages."""
        return label_of_folder(folder, self._bundles)

    def given_by(self, folder: Path) -> ModelInfo | None:
        """The model that `folder` gives now."""
        return next((info for place, info in self._serving() if place == folder), None)

    def require_free(self, folder: Path, name: str, gone: Collection[Path] = ()) -> None:
        """Refuse a second folder with a model of one name.

        Args:
            folder: where the bundle lies.
            name: of its model.
            gone: folders that are no longer there; their names are free.

        Raises:
            BundleRefused: another folder was first.
        """
        for other, info in self._serving():
            if info.card.name == name and other != folder and other not in gone:
                raise BundleRefused(
                    f"a model named {name} is already loaded from another folder, "
                    f"{self.label(other)}: remove one"
                )

    # ------------------------------------------------------------------ changes of state

    def begin(self, folder: Path, fingerprint: Fingerprint) -> None:
        """Enter a candidate: the bundle in `folder` is about to be read."""
        self._read[folder] = fingerprint
        if not any(each.folder == folder and each.state in ATTEMPTS for each in self._entries):
            self._enter(ModelEntry(folder, ModelState.CANDIDATE))

    def serve(self, folder: Path, info: ModelInfo, now: float, gone: Collection[Path] = ()) -> None:
        """Serve the model that `folder` gives from now on; the one it gave before retires.

        Raises:
            BundleRefused: another folder gives a model of that name.
        """
        self.require_free(folder, info.card.name, gone)
        heirs = [place for place, old in self._serving() if old.card.name == info.card.name]
        before = self._take_out({folder, *heirs}, ModelState.SERVING)
        self._take_out({folder}, *ATTEMPTS)
        if (back := self._retired().get(info.pinned_name)) is not None:
            self._entries.remove(back)
        self._enter(ModelEntry(folder, ModelState.SERVING, info))
        for old in before:
            self._retire(old, now)

    def refuse(self, folder: Path, reason: str) -> bool:
        """Refuse the bundle in `folder`; the model that it gave before is served on.

        Returns:
            Whether that is news.
        """
        before = self._take_out({folder}, *ATTEMPTS)
        self._enter(ModelEntry(folder, ModelState.REFUSED, reason=reason))
        return reason not in (each.reason for each in before)

    def remove(self, folder: Path, now: float) -> None:
        """Note that `folder` is no longer there."""
        self._read.pop(folder, None)
        self._take_out({folder}, *ATTEMPTS)
        for old in self._take_out({folder}, ModelState.SERVING):
            self._retire(old, now)

    def collect(self, now: float, queued: Mapping[str, int]) -> list[str]:
        """Close the retiring models whose time is over; take out closed ones that nobody uses.

        A retiring model survives at least one more call, because a request may have resolved its
        name already.

        Args:
            now: the clock's time in seconds.
            queued: images that wait, by pinned name.

        Returns:
            The pinned names of those that were taken out; `using` refuses them from now on.
        """
        free = [
            pinned
            for pinned, each in self._retired().items()
            if each.state is ModelState.CLOSED
            and not self._in_use[pinned]
            and not queued.get(pinned)
        ]
        for pinned in free:
            self._entries.remove(self._retired()[pinned])
            del self._in_use[pinned]
        retired = self._retired()
        latest = {pinned.partition("@")[0]: pinned for pinned in retired}
        for pinned, each in retired.items():
            followed = latest[pinned.partition("@")[0]] != pinned
            if followed or now - each.since >= self._grace_s:
                each.state = ModelState.CLOSED
        self._catalogue = None
        return free

    # ------------------------------------------------------------------ what clients may ask for

    @property
    def catalogue(self) -> Catalogue:
        """All that can be served at this moment."""
        if self._catalogue is None:
            self._catalogue = view_of(self._entries, self._bundles, self._wanted_default)
        return self._catalogue

    @property
    def anything_retired(self) -> bool:
        """Whether a model is loaded that no folder gives."""
        return bool(self._retired())

    def holds(self, pinned: str) -> bool:
        """Whether a digest is served, or was and is still loaded."""
        return any(each.info and each.info.pinned_name == pinned for each in self._entries)

    @contextmanager
    def using(self, pinned: str) -> Generator[None]:
        """Keep a model loaded while pictures of it are awaited.

        Raises:
            NotReady: it has just been unloaded; the next request finds what is there instead.
        """
        if not self.holds(pinned):
            raise NotReady(
                f"{pinned} was unloaded while this request came in: send it again",
                retry_after_s=RETURN_GRACE_S,
            )
        self._in_use[pinned] += 1
        try:
            yield
        finally:
            self._in_use[pinned] -= 1

    # ------------------------------------------------------------------ inner parts

    def _serving(self) -> list[tuple[Path, ModelInfo]]:
        serving = (each for each in self._entries if each.state is ModelState.SERVING)
        return [(each.folder, each.info) for each in serving if each.info]

    def _retired(self) -> dict[str, ModelEntry]:
        """By pinned name, in the order in which they retired."""
        return {
            each.info.pinned_name: each
            for each in self._entries
            if each.info and each.state in (ModelState.RETIRING, ModelState.CLOSED)
        }

    def _enter(self, entry: ModelEntry) -> None:
        self._entries.append(entry)
        self._catalogue = None

    def _take_out(self, folders: Collection[Path], *states: ModelState) -> list[ModelEntry]:
        out = [each for each in self._entries if each.folder in folders and each.state in states]
        self._entries = [each for each in self._entries if each not in out]
        self._catalogue = None
        return out

    def _retire(self, entry: ModelEntry, now: float) -> None:
        if entry.info and not self.holds(entry.info.pinned_name):
            entry.state, entry.since = ModelState.RETIRING, now
            self._enter(entry)
