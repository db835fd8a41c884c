"""What the source that a file lies in says of its camera and of its sampling."""

from collections.abc import Mapping
from pathlib import Path

from mmrag_video.settings import Settings, SourceSettings
from mmrag_video.video.camera_names import camera_by_place
from mmrag_video.video.clock import camera_of
from mmrag_video.video.discover import FoundFile
from mmrag_video.video.sampled import SamplerSettings

Sources = Mapping[str, SourceSettings]
"""By name."""


def source_of(path: Path, sources: Sources) -> SourceSettings | None:
    """The source whose folder holds this file; of folders in one another, the inner one."""
    holding = [source for source in sources.values() if path.is_relative_to(source.folder)]
    return max(holding, key=lambda source: len(source.folder.parts), default=None)


def camera_in(source: SourceSettings | None, file: FoundFile, settings: Settings) -> str:
    """The camera of a new recording: the source's own, or by its folder, else as everywhere."""
    if source is None:
        return camera_of(file.path, file.root, settings)
    if source.camera is not None:
        return source.camera
    if source.camera_from == "folder":
        return camera_by_place(file.path, source.folder, stem_may_name_it=False)
    return camera_of(file.path, source.folder, settings)


def sampler_in(source: SourceSettings | None, camera: str, settings: Settings) -> SamplerSettings:
    """The camera's sampler settings, where it has none of its own the source's."""
    if source is None:
        return settings.sampler_for(camera)
    return settings.sampler_for(camera, source)
