"""What is in a picture and where: SSD-MobileNetV2 trained on COCO, run by OpenCV.

The network looks at 300 x 300 pixels. A wide picture squashed to that loses much: in four frames
of somebody standing in a room, confidence rose from 0.29-0.91 to 0.96-0.99 when squares of the
picture's own proportions were shown instead. So it looks at squares, and once more closely at what
moves.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import cv2

from mmrag_video.models.basic.coco import LABELS
from mmrag_video.models.basic.geometry import area, containment, crop, likeness
from mmrag_video.video.frames import Image
from mmrag_video.video.sampled import Box

INPUT = 300
"""Pixels, width and height, the network was trained with."""
LEAST_CONFIDENCE = 0.12
"""Confidence below which a detection is noise: most are, on empty scenes."""
SAME_BOX = 0.5
"""Intersection over union from which two boxes show one thing."""
SAME_PART = 0.8
"""Share of a smaller box inside a larger one from which it is taken for a part of it."""
EDGE = 0.02
"""A box that comes this close to an inner edge of its window (share of it) was probably cut."""
CUT = 0.6
"""What a cut box's confidence is multiplied with."""
SAME_CUT = 0.5
"""Share of a cut box inside another from which it is taken for a part of it."""


@dataclass(frozen=True)
class Detection:
    """One thing that was seen, in shares of the whole picture."""

    label: str
    confidence: float
    box: Box
    cut: bool = False
    """It ends where what the network was shown ends, and may go on."""


class Detector:
    """The loaded network."""

    def __init__(self, graph: Path, layout: Path) -> None:
        self._network = cv2.dnn.readNetFromTensorflow(str(graph), str(layout))
        self._turn = Lock()

    def detect(self, image: Image, windows: Sequence[Box]) -> list[Detection]:
        """What is seen through each window, merged, surest first."""
        found = [
            detection
            for window in windows
            for detection in self._look(image, window)
            if detection.confidence >= LEAST_CONFIDENCE
        ]
        return merge(found)

    def _look(self, image: Image, window: Box) -> Iterable[Detection]:
        # One picture at a time: batches of 2 and 4 took as long per picture, and their results
        # would depend on the batch.
        blob = cv2.dnn.blobFromImage(crop(image, window), size=(INPUT, INPUT))
        with self._turn:  # a network keeps its input: two threads in it mix theirs up
            self._network.setInput(blob)
            rows: Any = self._network.forward()
        for _, number, confidence, *corners in rows[0, 0].tolist():
            label = LABELS.get(int(number))
            if label is not None:
                yield _in_picture(label, confidence, corners, window)


def _in_picture(label: str, confidence: float, corners: Sequence[float], window: Box) -> Detection:
    inner = [min(1.0, max(0.0, corner)) for corner in corners]
    edges = (window[0] > 0, window[1] > 0, window[2] < 1, window[3] < 1)
    distances = (inner[0], inner[1], 1 - inner[2], 1 - inner[3])
    cut = any(inside and gap < EDGE for inside, gap in zip(edges, distances, strict=True))
    width, height = window[2] - window[0], window[3] - window[1]
    box = (
        window[0] + inner[0] * width,
        window[1] + inner[1] * height,
        window[0] + inner[2] * width,
        window[1] + inner[3] * height,
    )
    return Detection(label, confidence * CUT if cut else confidence, box, cut)


def merge(detections: Iterable[Detection]) -> list[Detection]:
    """One detection per thing and label: the surest of those that overlap, surest first."""
    kept: list[Detection] = []
    for detection in sorted(detections, key=lambda found: -found.confidence):
        if area(detection.box) <= 0:
            continue
        if not any(_is_same(detection, other) for other in kept):
            kept.append(detection)
    return kept


def _is_same(weaker: Detection, surer: Detection) -> bool:
    return weaker.label == surer.label and (
        likeness(weaker.box, surer.box) >= SAME_BOX
        or containment(weaker.box, surer.box) >= (SAME_CUT if weaker.cut else SAME_PART)
        or containment(surer.box, weaker.box) >= (SAME_CUT if surer.cut else SAME_PART)
    )
