"""Which cameras a text names: those that there are, where they are said as a place or a camera."""

import re
from collections.abc import Collection, Sequence

from mmrag_video.asking.chips import Chip, ChipKind

_CAMERA = r"(?:camera|cam|kamera)"
_PLACE = (
    rf"(?:(?:at|on|in|from|by|near|an|auf|aus|bei|vor|von|im|am)\s+"
    rf"(?:(?:the|der|die|dem|den|das)\s+)?(?:{_CAMERA}\s+)?|{_CAMERA}\s+)"
)
_CALLED_CAMERA = rf"(?:(?:at|on|in|from|by|an|auf|aus|bei|von)\s+)?(?:the\s+|der\s+)?{_CAMERA}\s+"
_FOLLOWED = rf"(?:\s+{_CAMERA})?"


def find_cameras(text: str, cameras: Sequence[str], taken_off: Collection[str]) -> list[Chip]:
    """A chip for each place in the text where a camera is named; its label is the camera's name.

    A camera is named however its name is written: `front_gate` by "front gate". One whose name is
    no word, such as `3`, only together with the word camera.
    """
    found: list[Chip] = []
    # The longest first, so that "back gate" is not the gate.
    for camera in sorted(cameras, key=lambda name: (-len(name), name)):
        for match in _pattern(camera).finditer(text):
            chip = Chip(ChipKind.CAMERA, camera, match[0], match.start(), match.end())
            if not any(chip.start < one.end and one.start < chip.end for one in found):
                found.append(chip)
    return sorted(
        (chip for chip in found if chip.key not in taken_off), key=lambda chip: chip.start
    )


def _pattern(camera: str) -> re.Pattern[str]:
    parts = [part for part in re.split(r"[\s_-]+", camera) if part]
    if not parts:
        return re.compile(r"(?!)")
    is_word = len(camera) > 1 and any(letter.isalpha() for letter in camera)
    name = r"[\s_-]+".join(re.escape(part) for part in parts)
    before = _PLACE if is_word else _CALLED_CAMERA
    return re.compile(rf"(?<![\w-]){before}{name}{_FOLLOWED}(?![\w-])", re.IGNORECASE)
