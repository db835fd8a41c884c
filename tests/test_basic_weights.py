"""The basic model's files are found without importing packages, and must be the right ones."""

import shutil
from pathlib import Path

import pytest

from mmrag_video.errors import ModelError
from mmrag_video.models.basic import weights


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder that holds a copy of the tagger's labels."""
    original = weights.verified(weights.TAGGER_LABELS)
    target = tmp_path / weights.TAGGER_LABELS.path
    target.parent.mkdir(parents=True)
    shutil.copy(original, target)
    return tmp_path


def test_an_untouched_copy_is_accepted(copy: Path) -> None:
    path = weights.verified(weights.TAGGER_LABELS, copy)
    assert path.read_text(encoding="utf-8").startswith("tench")


def test_a_tampered_copy_is_refused_with_the_remedy(copy: Path) -> None:
    target = copy / weights.TAGGER_LABELS.path
    target.write_bytes(target.read_bytes().replace(b"tench", b"tensh"))
    with pytest.raises(ModelError, match=r"efficientnet_labels.*pip install.*mmrag-video\[basic\]"):
        weights.verified(weights.TAGGER_LABELS, copy)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"frozen_inference_graph.*cannot be read.*pip install"):
        weights.verified(weights.DETECTOR_GRAPH, tmp_path)


def test_a_missing_package_is_named() -> None:
    with pytest.raises(ModelError, match=r"needs the package no_such_package; run: pip install"):
        weights.package_folder("no_such_package")


def test_all_weights_are_part_of_the_identity() -> None:
    assert len(weights.digests()) == len(weights.ALL)
    assert all(len(digest) == 64 for digest in weights.digests().values())
