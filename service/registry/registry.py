"""The registry of models: each in one state, from reading its bundle to unloading it.

Owns the state of every model, the folder it was loaded from, which of two folders may use a name,
and how long a retired digest stays. Knows neither files nor engine nor threads; all calls come from
the event loop. The time is passed as an argument.
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

RETURN_GRACE_S = 1  # Retry-After in seconds; a retry resolves the name to the new digest


class ModelRegistry:
    """All models in every state; `catalogue` is the view of those that clients may request.

    Args:
        bundles: folders that contain bundles.
        wanted_default: configured name of the default model; None to choose one.
        grace_s: minimum seconds that a retired digest stays, unless another digest of the same
            name retires after it.
    """

    def __init__(self, bundles: Sequence[Path], wanted_default: str | None, grace_s: float) -> None:
        self._bundles = bundles
        self._wanted_default = wanted_default
        self._grace_s = grace_s
        self._entries: list[ModelEntry] = []  # retiring ones in order of retirement
        self._read: dict[Path, Fingerprint] = {}
        self._in_use: Counter[str] = Counter()
        self._catalogue: Catalogue | None = None

    # ------------------------------------------------------------------ folders

    @property
    def read(self) -> Mapping[Path, Fingerprint]:
        """Each folder with a bundle, and its fingerprint when it was last read."""
        return self._read

    @property
    def names(self) -> set[str]:
        """The names of the models that are served."""
        return {info.card.name for _, info in self._serving()}

    @property
    def refused(self) -> list[Path]:
        """The folders whose bundle is not served."""
        return [each.folder for each in self._entries if each.state is ModelState.REFUSED]

    def label(self, folder: Path) -> str:
        """The name of a folder in messages."""
        return label_of_folder(folder, self._bundles)

    def given_by(self, folder: Path) -> ModelInfo | None:
        """The model that is served from `folder`, or None."""
        return next((info for place, info in self._serving() if place == folder), None)

    def require_free(self, folder: Path, name: str, gone: Collection[Path] = ()) -> None:
        """Refuse a model whose name another folder already uses.

        Args:
            folder: folder of the bundle.
            name: name of its model.
            gone: folders that no longer exist; their names are free.

        Raises:
            BundleRefused: another folder uses the name.
        """
        for other, info in self._serving():
            if info.card.name == name and other != folder and other not in gone:
                raise BundleRefused(
                    f"a model named {name} is already loaded from another folder, "
                    f"{self.label(other)}: remove one"
                )

    # ------------------------------------------------------------------ changes of state

    def begin(self, folder: Path, fingerprint: Fingerprint) -> None:
        """Add a candidate entry before the bundle in `folder` is read; a refused entry stays."""
        self._read[folder] = fingerprint
        if not any(each.folder == folder and each.state in ATTEMPTS for each in self._entries):
            self._enter(ModelEntry(folder, ModelState.CANDIDATE))

    def serve(self, folder: Path, info: ModelInfo, now: float, gone: Collection[Path] = ()) -> None:
        """Serve the model of `folder` from now on; the model served from it before retires.

        Raises:
            BundleRefused: another folder uses the name.
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
        """Mark the bundle in `folder` as refused; the model served from it before stays served.

        Returns:
            True if the reason is new.
        """
        before = self._take_out({folder}, *ATTEMPTS)
        self._enter(ModelEntry(folder, ModelState.REFUSED, reason=reason))
        return reason not in (each.reason for each in before)

    def remove(self, folder: Path, now: float) -> None:
        """Record that `folder` no longer exists; its model retires."""
        self._read.pop(folder, None)
        self._take_out({folder}, *ATTEMPTS)
        for old in self._take_out({folder}, ModelState.SERVING):
            self._retire(old, now)

    def collect(self, now: float, queued: Mapping[str, int]) -> list[str]:
        """Close retiring models whose grace period is over; remove closed ones that are not in use.

        A model is removed by a later call than the one that closes it, because a request may have
        resolved its name already.

        Args:
            now: clock time in seconds.
            queued: number of queued images by pinned name.

        Returns:
            The pinned names of the removed models; `using` refuses them from now on.
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

    # ------------------------------------------------------------------ view for clients

    @property
    def catalogue(self) -> Catalogue:
        """The models that can be served now."""
        if self._catalogue is None:
            self._catalogue = view_of(self._entries, self._bundles, self._wanted_default)
        return self._catalogue

    @property
    def anything_retired(self) -> bool:
        """True if a retired model is still loaded."""
        return bool(self._retired())

    def holds(self, pinned: str) -> bool:
        """True if the digest is served, or retired and still loaded."""
        return any(each.info and each.info.pinned_name == pinned for each in self._entries)

    @contextmanager
    def using(self, pinned: str) -> Generator[None]:
        """Keep a model loaded while a request waits for its pictures.

        Raises:
            NotReady: the model has just been unloaded; a retry resolves its name again.
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

    # ------------------------------------------------------------------ private

    def _serving(self) -> list[tuple[Path, ModelInfo]]:
        serving = (each for each in self._entries if each.state is ModelState.SERVING)
        return [(each.folder, each.info) for each in serving if each.info]

    def _retired(self) -> dict[str, ModelEntry]:
        """Retiring and closed entries by pinned name, in order of retirement."""
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
