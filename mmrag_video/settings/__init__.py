"""Every setting, typed, in one place: defaults, then a TOML file, then `MMRAG_...` variables.

The file is `MMRAG_SETTINGS` or `--settings`; a nested setting such as `search.limit` is the key
`limit` under `[search]` there, and the variable `MMRAG_SEARCH__LIMIT`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from mmrag_video.settings.models import GeneratorSettings, ModelSettings, ServerSettings
from mmrag_video.settings.page import ExportSettings, LoginSettings, WebSettings
from mmrag_video.settings.sections import (
    CameraSettings,
    ClockSettings,
    DecodeSettings,
    SamplerSection,
    SearchSettings,
    StoreSettings,
)
from mmrag_video.settings.work import RetentionSettings, SourceSettings, WorkerSettings
from mmrag_video.video.sampled import SamplerSettings

__all__ = [
    "CameraSettings",
    "ClockSettings",
    "DecodeSettings",
    "ExportSettings",
    "GeneratorSettings",
    "LoginSettings",
    "ModelSettings",
    "RetentionSettings",
    "SamplerSection",
    "SearchSettings",
    "ServerSettings",
    "Settings",
    "SourceSettings",
    "StoreSettings",
    "WebSettings",
    "WorkerSettings",
]


class Settings(BaseSettings):
    """All settings. Build with `loading.load_settings`, which puts errors in words."""

    model_config = SettingsConfigDict(
        env_prefix="MMRAG_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
    )

    data_dir: Annotated[Path, AfterValidator(Path.expanduser)] = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("mmrag-video")),
        description="Everything the program writes lies under this folder.",
    )
    model: ModelSettings = ModelSettings()
    sampler: SamplerSection = SamplerSection()
    clock: ClockSettings = ClockSettings()
    store: StoreSettings = StoreSettings()
    decode: DecodeSettings = DecodeSettings()
    search: SearchSettings = SearchSettings()
    web: WebSettings = WebSettings()
    login: LoginSettings = LoginSettings()
    exports: ExportSettings = ExportSettings()
    generator: GeneratorSettings = GeneratorSettings()
    worker: WorkerSettings = WorkerSettings()
    retention: RetentionSettings = RetentionSettings()
    sources: dict[str, SourceSettings] = Field(
        default_factory=dict, description="One table per folder of recordings, `[sources.NAME]`."
    )
    cameras: dict[str, CameraSettings] = Field(
        default_factory=dict, description="One table per camera, `[cameras.NAME]`."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables outrank the file, whose values arrive as the initial ones."""
        return env_settings, init_settings

    def sampler_for(self, camera: str, source: SourceSettings | None = None) -> SamplerSettings:
        """The sampler settings in force for one camera, of recordings of one source."""
        own = self.cameras.get(camera, CameraSettings())
        layers = [layer for layer in (own, source, self.sampler) if layer is not None]

        def first(name: str) -> float:
            values: Iterator[float | None] = (getattr(layer, name) for layer in layers)
            return next(value for value in values if value is not None)

        return SamplerSettings(
            interval=first("interval"),
            heartbeat=first("heartbeat"),
            sensitivity=first("sensitivity"),
            frame_width=self.sampler.frame_width,
            region=own.region,
            masks=own.masks,
        )
