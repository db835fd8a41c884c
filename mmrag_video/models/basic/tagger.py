"""What a picture or a part of it looks like as a whole: EfficientNet-Lite3 trained on ImageNet."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from mmrag_video.models.basic.imagenet import GROUPS
from mmrag_video.video.frames import Image

INPUT = 280
"""Pixels, width and height, the network was trained with."""
LEAST_LIKELY = 0.03
"""Probabilities below this are not worth keeping; the quantised output has steps of 0.004."""
MOST = 6
"""Tags kept of one picture."""


@contextmanager
def _silent() -> Iterator[None]:
    """LiteRT tells standard error which delegate it made, and has no setting that stops it.

    What goes wrong is raised all the same.
    """
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


class Tagger:
    """The loaded network."""

    def __init__(self, weights: Path, labels: Path, threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 slow to import

        with _silent():
            self._interpreter = Interpreter(str(weights), num_threads=threads or None)
            self._interpreter.allocate_tensors()
        self._turn = Lock()
        self._input = self._interpreter.get_input_details()[0]["index"]
        output = self._interpreter.get_output_details()[0]
        self._output = output["index"]
        self._scale, self._zero = output["quantization"]
        lines = labels.read_text(encoding="utf-8").splitlines()
        names = [line.split(",")[0].strip() for line in lines]
        self._labels, self._label_of = _grouped(names)

    def tag(self, image: Image) -> Mapping[str, float]:
        """The likeliest tags and their probabilities, likeliest first."""
        small = cv2.resize(image, (INPUT, INPUT), interpolation=cv2.INTER_AREA)
        with self._turn:  # as the detector's: input and output are places in the network
            self._interpreter.set_tensor(self._input, small[None])
            self._interpreter.invoke()
            raw = self._interpreter.get_tensor(self._output)[0].astype(np.float32)
        classes = (raw - self._zero) * self._scale
        likely = np.bincount(self._label_of, weights=classes, minlength=len(self._labels))
        best = np.argsort(-likely, kind="stable")[:MOST]
        return {
            self._labels[index]: round(min(1.0, float(likely[index])), 3)
            for index in best
            if likely[index] >= LEAST_LIKELY
        }


def _grouped(names: Sequence[str]) -> tuple[list[str], NDArray[np.intp]]:
    """The tags, and for each class the place of its tag: 118 breeds are all `dog`."""
    tags = list(names)
    for group, spans in GROUPS.items():
        for first, last in spans:
            tags[first : last + 1] = [group] * (last + 1 - first)
    places = {tag: place for place, tag in enumerate(dict.fromkeys(tags))}
    return list(places), np.array([places[tag] for tag in tags], np.intp)
