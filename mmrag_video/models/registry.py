"""Names of models to the modules that load them. Nothing is imported until it is asked for."""

from collections.abc import Mapping
from importlib import import_module

from mmrag_video.errors import ModelError
from mmrag_video.models.base import Model
from mmrag_video.settings import ModelSettings

MODULES: Mapping[str, str] = {
    "basic": "mmrag_video.models.basic",
    "dual-encoder": "mmrag_video.models.dual_encoder",
}
"""Each module has `load(settings: ModelSettings) -> Model`."""


def load_model(settings: ModelSettings) -> Model:
    """The model that the settings name. Raises ModelError if it is unknown or not installed."""
    module_name = MODULES.get(settings.name)
    if module_name is None:
        known = ", ".join(sorted(MODULES))
        raise ModelError(
            f"There is no model named {settings.name!r}; set model.name to one of: {known}."
        )
    model: Model = import_module(module_name).load(settings)
    return model
