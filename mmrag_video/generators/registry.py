"""From the settings to the generator. Nothing is imported until it is asked for."""

from importlib import import_module

from mmrag_video.errors import UsageError
from mmrag_video.generators.base import Generator
from mmrag_video.settings import Settings

_MODULES = {
    "path": "mmrag_video.generators.qwen3_vl",
    "url": "mmrag_video.generators.openai",
}
"""By the setting under `generator` that says where the model is. Each has `load(settings)`."""


def load_generator(settings: Settings) -> Generator:
    """The generator that the settings name.

    Raises UsageError if they name none, ModelError if it cannot be loaded.
    """
    check_generator(settings)
    [module] = [
        module for name, module in _MODULES.items() if getattr(settings.generator, name) is not None
    ]
    generator: Generator = import_module(module).load(settings)
    return generator


def check_generator(settings: Settings) -> None:
    """Raise UsageError if the settings name no generator."""
    if not settings.generator.is_set:
        raise UsageError(
            "Answers in words need a generator: set generator.url to an OpenAI-compatible server,"
            " or generator.path to a Qwen3-VL instruct model."
        )
