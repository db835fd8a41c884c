"""The opened data directory: settings, catalog, store and models, each opened when needed."""

import threading
from contextlib import ExitStack, suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from mmrag_video.calibration import SAMPLE_SIZE, CollectionSample
from mmrag_video.camera_settings import in_force
from mmrag_video.catalog.catalog import Catalog
from mmrag_video.catalog.records import Recording
from mmrag_video.data_directory import DataDirectory
from mmrag_video.errors import RecordingError
from mmrag_video.generators.base import Generator
from mmrag_video.generators.registry import load_generator
from mmrag_video.index.frames import StoredFrame
from mmrag_video.index.identity import IndexIdentity, identify, refusal
from mmrag_video.index.server import Lease, lease_server
from mmrag_video.models.base import Model, let_go
from mmrag_video.models.registry import load_model
from mmrag_video.recording_file import file_problem
from mmrag_video.settings import Settings
from mmrag_video.video.exact import frame_at
from mmrag_video.video.frames import Image

if TYPE_CHECKING:
    from mmrag_video.index.store import FrameStore

PICTURES_READ_AT_ONCE = 4
"""Threads in which pictures are best read by `picture_of`: decoding frees the interpreter."""


class Archive:
    """Everything a command or the page works on. Use it as a context manager.

    Nothing is opened before it is asked for, so that listing recordings needs no model and no
    store. Its parts are shared by the threads of the page.
    """

    def __init__(self, settings: Settings, model: Model | None = None) -> None:
        """`model`: one that is loaded already and is what the settings name; whoever loaded it
        closes it.
        """
        self.settings = settings
        self.directory = DataDirectory(settings.data_dir.expanduser().absolute())
        self._closing = ExitStack()
        self._connections = ExitStack()
        """To the store: the lease of its server and the clients, closed before all else."""
        self._opening = threading.RLock()
        self._opening_catalog = threading.Lock()
        self._catalog: Catalog | None = None
        self._model = model
        self._loading = threading.Lock()
        self._generator: Generator | None = None
        self._lease: Lease | None = None
        self._stores: dict[str, FrameStore] = {}
        self._samples: dict[str, tuple[int | None, CollectionSample]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._closing:
            self._connections.close()

    @property
    def catalog(self) -> Catalog:
        """Cameras, recordings and runs. Raises CatalogError if it cannot be opened.

        Under a lock of its own: it is read while a store that does not answer is waited for.
        """
        with self._opening_catalog:
            if self._catalog is None:
                self.directory.create()
                self._catalog = Catalog(self.directory.catalog)
                self._closing.callback(self._catalog.close)
            return self._catalog

    @property
    def settings_in_force(self) -> Settings:
        """The settings, with what was set for cameras while it runs: read anew at each call.

        A piece of work that reads cameras' settings takes them once, when it begins. Raises
        CatalogError.
        """
        return in_force(self.settings, self.catalog)

    @property
    def model(self) -> Model:
        """The model of the settings. Raises ModelError if it cannot be loaded."""
        with self._opening:
            if self._model is None:
                self._model = load_model(self.settings.model)
                self._closing.callback(self._model.close)
            return self._model

    @property
    def generator(self) -> Generator:
        """The generator of the settings. Raises UsageError if they name none, else ModelError if
        it cannot be loaded.

        Under a lock of its own: searches go on while its weights are read.
        """
        with self._loading:
            if self._generator is None:
                self._generator = load_generator(self.settings)
                self._closing.callback(let_go, self._generator)
            return self._generator

    @property
    def identity(self) -> IndexIdentity:
        """The identity of an index made with these settings."""
        return identify(
            self.model.embedder,
            self.settings.sampler_for(""),
            self.settings.model.recall_dimensions,
        )

    @property
    def active_identity(self) -> IndexIdentity | None:
        """The identity of the index that answers searches; None before the first ingest.

        Raises IndexMismatchError if another model made it: its vectors mean nothing to this one.
        """
        active = self.catalog.active_index()
        if active is not None:
            wanted = replace(self.identity, sampler=active.sampler)
            if active != wanted:
                raise refusal(active, wanted, self.directory.root)
        return active

    def activate(self, identity: IndexIdentity) -> None:
        """Let searches use this index from now on, if they do not yet."""
        if self.catalog.active_index() != identity:
            self.store(identity).answer_by_alias()
            self.catalog.activate_index(identity)

    def store(self, identity: IndexIdentity) -> "FrameStore":
        """The frames of one index. Raises StoreError if the store cannot be reached.

        An embedded server that has died since is started again: what it had acknowledged is there.
        """
        # Imported here, because the store's client takes 0.6 of the 1.6 s of CPU in which a command
        # starts, and most commands need no store.
        from mmrag_video.index.store import FrameStore  # noqa: PLC0415

        with self._opening:
            if self._lease is not None and not self._lease.is_served:
                self._disconnect()
            if identity.collection not in self._stores:
                store = FrameStore(
                    self._uri(), self.settings.store.token, identity, owner=self.catalog.id
                )
                self._connections.callback(store.close)
                self._stores[identity.collection] = store
            return self._stores[identity.collection]

    def warm_up(self) -> None:
        """Open all that a search needs, so that the first one is as quick as the others."""
        identity = self.active_identity
        if identity is not None:
            self.sample(identity)

    def hidden_runs(self, identity: IndexIdentity) -> list[int]:
        """Ingest runs whose frames must not be found: they are not complete."""
        return [run.id for run in self.catalog.unfinished_runs(identity.fingerprint)]

    def sample(self, identity: IndexIdentity) -> CollectionSample:
        """Random frames of an index, picked anew when a recording was added to it."""
        newest = self.catalog.last_complete_run(identity.fingerprint)
        with self._opening:
            known = self._samples.get(identity.collection)
            if known is None or known[0] != newest:
                store = self.store(identity)
                hidden = self.hidden_runs(identity)
                picked = store.sample(SAMPLE_SIZE, hidden)
                vectors = np.array([vector for _, vector in picked], dtype=np.float32)
                sample = CollectionSample(
                    frames=tuple(frame for frame, _ in picked),
                    vectors=vectors.reshape(len(picked), identity.dimensions),
                    collection=store.count(),
                )
                known = self._samples[identity.collection] = (newest, sample)
            return known[1]

    def _uri(self) -> str:
        if self.settings.store.uri is not None:
            return self.settings.store.uri
        if self._lease is None:
            self.directory.create()
            lease = lease_server(self.directory.store, self.settings.store.linger)
            self._lease = self._connections.enter_context(lease)
        return self._lease.uri

    def _disconnect(self) -> None:
        self._connections.close()
        self._stores.clear()
        self._lease = None

    def thumbnail(self, recording: str, time: Fraction) -> Path:
        """Where the picture of a kept frame of the active index lies."""
        active = self.catalog.active_index()
        collection = active.collection if active else "none"
        return self.directory.thumbnail(collection, recording, time)

    def picture_of(
        self, identity: IndexIdentity, recording: Recording | None, frame: StoredFrame
    ) -> Image:
        """A kept frame at full size; in small where the recording's file is gone or another."""
        if recording is not None and not file_problem(recording):
            with suppress(RecordingError):
                return frame_at(recording.path, frame.time)
        return load_picture(
            self.directory.thumbnail(identity.collection, frame.recording, frame.time)
        )

    @property
    def clip_cache(self) -> Path:
        """The folder for re-encoded clips."""
        self.directory.clips.mkdir(parents=True, exist_ok=True)
        return self.directory.clips


def load_picture(path: Path) -> Image:
    """A picture file as an RGB image. Raises RecordingError if it cannot be read."""
    try:
        with Pillow.open(path) as picture:
            upright = ImageOps.exif_transpose(picture)
            return np.asarray(upright.convert("RGB"), dtype=np.uint8)
    except UnidentifiedImageError as error:
        raise RecordingError(
            f"The picture {path} cannot be read: it is none, or damaged."
        ) from error
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError) as error:
        why = getattr(error, "strerror", None) or error
        raise RecordingError(f"The picture {path} cannot be read: {why}.") from error
