"""Fonts of the system that have the signs of a text."""

from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

# The later ones have the scripts of east Asia.
_NAMES = (
    "DejaVuSans.ttf",
    "LiberationSans-Regular.ttf",
    "Arial.ttf",
    "NotoSansCJK-Regular.ttc",
    "SourceHanSans-Regular.ttc",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "msyh.ttc",
    "PingFang.ttc",
)
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def font_for(text: str, size: int) -> Font:
    """The first font that can write all of the text, else the one that can write most of it."""
    letters = frozenset(text) - {" "}
    return max(_fonts(size), key=lambda font: sum(_can_write(font, letter) for letter in letters))


def font_files() -> list[Path]:
    """Those that are there, the most usual first."""
    return [Path(str(font.path)) for font in _system_fonts(12)]


@lru_cache(maxsize=8)
def _fonts(size: int) -> tuple[Font, ...]:
    """Those of the system, then the one that Pillow brings, which has little beyond English."""
    return (*_system_fonts(size), ImageFont.load_default(size))


def _system_fonts(size: int) -> list[ImageFont.FreeTypeFont]:
    found = []
    for name in _NAMES:
        try:
            found.append(ImageFont.truetype(name, size))
        except OSError:
            continue
    return found


@lru_cache(maxsize=4096)
def _can_write(font: Font, letter: str) -> bool:
    """A letter that a font lacks is drawn like U+FFFF, which no font has."""
    drawn, missing = font.getmask(letter), font.getmask("\uffff")
    return drawn.size != missing.size or bytes(drawn) != bytes(missing)
