"""A camera gets another name: in the catalog at once, in the store after it; nothing is lost."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmrag_video.archive import Archive
from mmrag_video.camera_settings import CameraError, change_camera
from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.catalog import Catalog
from mmrag_video.catalog.saved_searches import Target
from mmrag_video.catalog.users import Role
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.index.frames import FrameFilter
from mmrag_video.models.base import Query
from mmrag_video.renaming import carry_out_renames, rename_camera
from mmrag_video.search import search
from mmrag_video.settings import CameraSettings, SourceSettings
from tests.conftest import ingest_all, quick_settings
from tests.hits import hit_of
from tests.people import PASSWORD
from tests.test_camera_settings import another
from workers.camera_changes import CameraChanges

RED = Query(text="something red")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, yard_clip: Path) -> Iterator[Archive]:
    """Two cameras, yard and gate, whose pictures are the same."""
    folder = tmp_path_factory.mktemp("renaming")
    with Archive(quick_settings(folder / "data")) as archive:
        shutil.copy(yard_clip, folder / yard_clip.name)
        another(yard_clip, folder / "gate_2026-03-01_12-00-00.mp4")
        ingest_all(archive, folder)
        yield archive


def rename(archive: Archive, camera: str, name: str) -> None:
    rename_camera(archive.settings, archive.catalog, camera, name)


def carry_out(archive: Archive) -> None:
    with writer_lock(archive.directory.root):
        carry_out_renames(archive)


def cameras_found(archive: Archive, *cameras: str) -> set[str]:
    """Whose moments a search for these cameras finds."""
    answer = search(archive, RED, FrameFilter(cameras=cameras))
    return {moment.camera for moment in answer.moments}


def named_in_store(archive: Archive) -> set[str]:
    identity = archive.active_identity
    assert identity is not None
    vector = archive.sample(identity).vectors[0]
    return {found.frame.camera for found in archive.store(identity).search(vector)}


def test_it_is_found_by_the_new_name_before_and_after_the_store_follows_and_by_nobody_else(
    archive: Archive,
) -> None:
    count = len(search(archive, RED).moments)
    rename(archive, "yard", "Back yard")
    assert archive.catalog.camera_names() == ["Back yard", "gate"]
    assert named_in_store(archive) == {"yard", "gate"}
    for is_done in (False, True):
        assert cameras_found(archive, "Back yard") == {"Back yard"}
        assert cameras_found(archive, "gate") == {"gate"}
        assert cameras_found(archive, "Back yard", "gate") == {"Back yard", "gate"}
        assert len(search(archive, RED).moments) == count
        assert archive.catalog.renamed.former(pending=True) == (
            {} if is_done else {"yard": "Back yard"}
        )
        carry_out(archive)
    assert named_in_store(archive) == {"Back yard", "gate"}


def test_a_recording_that_arrives_under_a_former_name_is_the_cameras(
    archive: Archive, yard_clip: Path, tmp_path: Path
) -> None:
    rename(archive, "Back yard", "Garden")
    [outcome] = ingest_all(archive, another(yard_clip, tmp_path / "yard_2026-03-01_14-00-00.mp4"))
    assert outcome.recording is not None and outcome.recording.camera == "Garden"
    assert named_in_store(archive) == {"Garden", "gate"}, "an ingest does what is left"
    assert archive.catalog.renamed.former() == {"Back yard": "Garden", "yard": "Garden"}


def test_a_run_that_began_before_ends_under_the_new_name(
    archive: Archive, yard_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete, was = Catalog.complete_run, "Garden"

    def renamed_meanwhile(self: Catalog, *arguments: object, **named: object) -> object:
        rename(archive, was, "Orchard")
        carry_out_renames(archive)
        return complete(self, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Catalog, "complete_run", renamed_meanwhile)
    [outcome] = ingest_all(archive, another(yard_clip, tmp_path / "yard_2026-03-01_15-00-00.mp4"))
    assert outcome.recording is not None and outcome.recording.camera == "Orchard"
    assert archive.catalog.camera_names() == ["Orchard", "gate"]
    assert named_in_store(archive) == {"Orchard", "gate"}


def test_the_worker_does_what_is_left_and_what_one_that_died_wrote(archive: Archive) -> None:
    rename(archive, "Orchard", "yard")
    assert "yard" not in archive.catalog.renamed.former(), "it leads nowhere else any more"
    archive.catalog.renamed.note_carried_out("Orchard", "yard")  # as if written after that
    changes = CameraChanges(archive)
    with writer_lock(archive.directory.root):
        changes.carry_out()
    assert named_in_store(archive) == {"yard", "gate"}
    assert not changes.are_due


def test_whatever_goes_by_the_name_follows_and_the_audit_log_does_not(archive: Archive) -> None:
    catalog = archive.catalog
    catalog.users.add("ana", PASSWORD, Role.ADMIN)
    catalog.users.add("vera", PASSWORD, Role.VIEWER, ["gate", "yard"])
    saved = catalog.saved.add("red", "red", ["yard"], Target(), catalog.recordings())
    hit_of(catalog, saved)
    change_camera(archive.settings, catalog, "yard", {"keep_days": 9})
    catalog.audit.note("ana", Action.VIEW, {"camera": "yard"})
    rename(archive, "yard", "Hof")
    assert catalog.users.named("vera").user.cameras == ("gate", "Hof")
    saved = catalog.saved.named("red")
    assert saved.cameras == ("Hof",) and saved.watches("Hof")
    assert [hit.moment.camera for hit in catalog.hits.newest()] == ["Hof"]
    assert len(catalog.saved.unmeasured(saved, "Hof", "index", 9)) >= 1, "its history goes along"
    assert catalog.camera_settings.all().keys() == {"Hof"}
    [noted] = catalog.audit.entries(action=Action.VIEW)
    assert noted.about == {"camera": "yard"}
    rename(archive, "Hof", "yard")
    carry_out(archive)
    assert named_in_store(archive) == {"yard", "gate"}


def test_a_name_that_is_anothers_or_none_is_refused(archive: Archive) -> None:
    if not archive.catalog.users.exist():
        archive.catalog.users.add("ann", PASSWORD, Role.ADMIN)
    archive.catalog.users.add("gil", PASSWORD, Role.VIEWER, ["Cellar"])
    archive.catalog.renamed.rename("gate", "Tor")
    for name in ("yard", " ", "", "..", "a\nb", "x" * 81, "\udc80"):
        with pytest.raises(CameraError) as told:
            rename(archive, "yard", name)
        assert told.value.problems.keys() == {"name"}
    for name in ("Tor", "gate", "Cellar"):
        with pytest.raises(CameraError, match="another camera, or was, or a user"):
            rename(archive, "yard", name)
    with pytest.raises(CameraError, match="no camera named 'nobody'"):
        rename(archive, "nobody", "somebody")
    assert archive.catalog.camera_names() == ["Tor", "yard"]


def test_what_the_settings_or_a_source_name_is_changed_there(
    archive: Archive, tmp_path: Path
) -> None:
    file = archive.settings.model_copy(update={"cameras": {"yard": CameraSettings()}})
    with pytest.raises(CameraError, match=r"change \[cameras.yard\] there"):
        rename_camera(file, archive.catalog, "yard", "Hof")
    source = SourceSettings(folder=tmp_path, camera="yard")
    file = archive.settings.model_copy(update={"sources": {"nvr": source}})
    with pytest.raises(CameraError, match=r"change \[sources.nvr\] in the settings"):
        rename_camera(file, archive.catalog, "yard", "Hof")
    archive.catalog.sources.put("nvr", source)
    with pytest.raises(CameraError, match="remove the source, and add it again"):
        rename(archive, "yard", "Hof")
    archive.catalog.sources.remove("nvr")
