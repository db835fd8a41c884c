"""From the names in the settings to loaded models. Nothing is imported until it is asked for."""

from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module

from mmrag_video.errors import ModelSettingsError
from mmrag_video.models.base import Model, Reranker
from mmrag_video.models.cards import EMBEDDERS, RERANKERS, ModelCard
from mmrag_video.models.matryoshka import check_prefix, shortened
from mmrag_video.settings import ModelSettings


def load_model(settings: ModelSettings) -> Model:
    """The embedder that the settings name, with its reranker or the one that they name.

    Raises ModelError if there is none of that name, it is not installed, it takes no runs of frames
    or its vectors cannot be cut, though the settings want that.
    """
    card = card_of(settings.name, EMBEDDERS, "model.name")
    _check_runs(settings, card)
    model: Model = import_module(card.module).load(settings, card)
    if settings.dimensions is not None:
        model = replace(model, embedder=shortened(model.embedder, settings.dimensions))
    if settings.recall_dimensions is not None:
        check_prefix(model.embedder, settings.recall_dimensions, "model.recall_dimensions")
    if settings.reranker is not None:
        model = replace(model, reranker=load_reranker(settings, settings.reranker))
    return model


def load_reranker(settings: ModelSettings, name: str) -> Reranker:
    """The reranker of this name. Raises ModelError if there is none, or it is not installed."""
    card = card_of(name, RERANKERS, "model.reranker")
    reranker: Reranker = import_module(card.module).load(settings, card)
    return reranker


def _check_runs(settings: ModelSettings, card: ModelCard) -> None:
    if settings.lead_up and not card.takes_runs:
        able = " or ".join(other.name for other in EMBEDDERS if other.takes_runs)
        raise ModelSettingsError(
            f"The model {card.name} looks at single frames: set model.lead_up to 0, or model.name"
            f" to {able}."
        )


def card_of(name: str, cards: Sequence[ModelCard], setting: str) -> ModelCard:
    """The card of this name. Raises ModelError that names the setting to change."""
    for card in cards:
        if card.name == name:
            return card
    known = ", ".join(card.name for card in cards)
    raise ModelSettingsError(f"There is no model named {name!r}; set {setting} to one of: {known}.")
