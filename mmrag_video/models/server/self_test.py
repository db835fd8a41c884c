"""Whether a server does what it seems to do: asked before the first use, with drawn pictures.

Servers of pictures fail in silence: the pictures are left out, the pooling is another one, the file
is damaged, and numbers come all the same.
"""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw

from mmrag_video.models.server.pictures import picture_file
from mmrag_video.models.server.protocol import Content, Symptom
from mmrag_video.models.server.served import ServedModel

_SIDE = 256
"""Pixels: 64 tokens, so that a laptop answers soon, and what Qwen3-VL takes at least."""
_TOKENS = 64
_SAME = 0.999
"""Cosine from which two vectors are one. Not the measure of models/sight.py: a server computes each
request in another batch, which changes the last digits, in bfloat16 the third. Nor its sentence: a
server is to be started otherwise."""
_UNIT = 0.01
"""By how much a unit vector's length may miss 1, in bfloat16."""
_SAME_SCORES = 1e-3
"""Difference under which two scores are one."""
_DIMENSIONS = {"2b": 2048, "8b": 4096}
"""Of Qwen3-VL-Embedding, by its size."""


@dataclass(frozen=True)
class DrawnPicture:
    """A picture that the program draws, and words that say what is on it."""

    caption: str
    content: Content


def _drawn(caption: str, ground: str, colour: str, shape: str) -> DrawnPicture:
    picture = Pillow.new("RGB", (_SIDE, _SIDE), ground)
    box = (_SIDE // 5, _SIDE // 5, _SIDE * 4 // 5, _SIDE * 4 // 5)
    getattr(ImageDraw.Draw(picture), shape)(box, fill=colour)
    return DrawnPicture(caption, Content(picture=picture_file(np.asarray(picture), _TOKENS)))


PICTURES = (
    _drawn("a red circle on a white background", "white", "red", "ellipse"),
    _drawn("a blue square on a black background", "black", "blue", "rectangle"),
)
"""Unlike in colour, shape and light, so that any model that sees and reads tells them apart."""


def check_embedding(served: ServedModel, query_instruction: str, frame_instruction: str) -> int:
    """The dimensions of the server's vectors, once they have passed.

    Vectors are finite and of unit length; a picture has another vector than another picture, and
    than none; all have the same dimensions, and those of the model if its name tells; each caption
    is nearer to its picture. Raises ModelError that says what is wrong and how to mend it.
    """
    seen = [served.vector(one.content, frame_instruction) for one in PICTURES]
    unseen = served.vector(Content(text=""), frame_instruction)
    read = [served.vector(Content(text=one.caption), query_instruction) for one in PICTURES]
    dimensions = expected_dimensions(served.name) or len(seen[0])
    for vector in (*seen, unseen, *read):
        if abs(np.linalg.norm(vector) - 1) > _UNIT:
            raise served.complaint(Symptom.NOT_UNIT)
        if len(vector) != dimensions:
            raise served.wrong_dimensions(len(vector), dimensions)
    if seen[0] @ seen[1] > _SAME:
        raise served.complaint(Symptom.SAME_VECTORS)
    if any(vector @ unseen > _SAME for vector in seen):
        raise served.complaint(Symptom.UNSEEN_PICTURE)
    if not _each_finds_its_own(np.array(read) @ np.array(seen).T):
        raise served.complaint(Symptom.WRONG_CAPTION)
    return dimensions


def expected_dimensions(name: str) -> int | None:
    """What a model of this name must have; None where the name does not tell."""
    found = re.search(r"qwen3-vl-embedding-(2b|8b)", name, re.IGNORECASE)
    return _DIMENSIONS[found[1].lower()] if found else None


def check_reranking(served: ServedModel) -> None:
    """Each caption gives more to its own words, then to its own picture, than to the others.

    Words first: if they fail too, it is the reranking, and not the pictures. Raises ModelError
    that says what is wrong and how to mend it.
    """
    words = [Content(text=f"This is a picture of {one.caption}.") for one in PICTURES]
    _check_scores(served, words, Symptom.SAME_SCORES, Symptom.WRONG_TEXT)
    pictures = [one.content for one in PICTURES]
    _check_scores(served, pictures, Symptom.SAME_PICTURE_SCORES, Symptom.WRONG_PICTURE)


def _check_scores(
    served: ServedModel, documents: list[Content], same: Symptom, wrong: Symptom
) -> None:
    scores = np.array([served.scores(Content(text=one.caption), documents) for one in PICTURES])
    if (np.ptp(scores, axis=1) < _SAME_SCORES).all():
        raise served.complaint(same)
    if not _each_finds_its_own(scores):
        raise served.complaint(wrong)


def _each_finds_its_own(likeness: NDArray[np.floating]) -> bool:
    """Whether in each row (a caption's) the entry on the diagonal is the largest."""
    return bool((likeness.argmax(axis=1) == np.arange(len(likeness))).all())
