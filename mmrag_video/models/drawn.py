"""Simple scenes with captions, drawn here: what a model can be tried on without any files."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from mmrag_video.video.frames import Image

_SIZE = (320, 240)
Draw = ImageDraw.ImageDraw


@dataclass(frozen=True)
class CaptionedPicture:
    """A picture, and words that say what is in it."""

    caption: str
    image: Image


def _drawn(caption: str, background: str, draw: Callable[[Draw], None]) -> CaptionedPicture:
    picture = Pillow.new("RGB", _SIZE, background)
    draw(ImageDraw.Draw(picture))
    return CaptionedPicture(caption, np.asarray(picture))


def _house(draw: Draw) -> None:
    draw.rectangle((0, 180, 320, 240), fill="green")
    draw.rectangle((90, 110, 230, 200), fill="ivory", outline="black", width=3)
    draw.polygon(((70, 110), (160, 40), (250, 110)), fill="red", outline="black")
    draw.rectangle((145, 150, 175, 200), fill="saddlebrown")
    for left in (105, 190):
        draw.rectangle((left, 130, left + 25, 155), fill="lightblue", outline="black", width=2)


def _tree(draw: Draw) -> None:
    draw.rectangle((0, 190, 320, 240), fill="yellowgreen")
    draw.rectangle((148, 130, 172, 205), fill="saddlebrown")
    for x, y in ((110, 90), (160, 60), (210, 90), (160, 110)):
        draw.ellipse((x - 45, y - 40, x + 45, y + 40), fill="darkgreen")


def _face(draw: Draw) -> None:
    draw.ellipse((80, 40, 240, 200), fill="gold", outline="black", width=4)
    for x in (130, 190):
        draw.ellipse((x - 10, 85, x + 10, 110), fill="black")
    draw.arc((115, 90, 205, 170), 20, 160, fill="black", width=6)


def _traffic_light(draw: Draw) -> None:
    draw.rectangle((152, 170, 168, 240), fill="dimgray")
    draw.rounded_rectangle((120, 20, 200, 180), 14, fill="black")
    for top, colour in ((30, "red"), (80, "#302800"), (130, "#002800")):
        draw.ellipse((138, top, 182, top + 44), fill=colour)


def _night(draw: Draw) -> None:
    draw.ellipse((200, 30, 260, 90), fill="lightyellow")
    draw.ellipse((182, 22, 242, 82), fill="midnightblue")
    for x, y in ((40, 50), (90, 100), (140, 40), (60, 160), (170, 150), (240, 170), (290, 110)):
        draw.ellipse((x - 2, y - 2, x + 2, y + 2), fill="white")


def _car(draw: Draw) -> None:
    draw.rectangle((0, 180, 320, 240), fill="gray")
    draw.rounded_rectangle((50, 130, 270, 185), 12, fill="blue")
    draw.polygon(((95, 132), (125, 90), (205, 90), (235, 132)), fill="blue")
    draw.polygon(((108, 130), (130, 98), (160, 98), (160, 130)), fill="lightcyan")
    draw.polygon(((168, 130), (168, 98), (200, 98), (222, 130)), fill="lightcyan")
    for x in (100, 220):
        draw.ellipse((x - 24, 162, x + 24, 210), fill="black")
        draw.ellipse((x - 10, 176, x + 10, 196), fill="silver")


def _sunset(draw: Draw) -> None:
    draw.ellipse((115, 85, 205, 175), fill="yellow")
    draw.rectangle((0, 135, 320, 240), fill="navy")


def _checkerboard(draw: Draw) -> None:
    for row in range(6):
        for column in range(row % 2, 8, 2):
            draw.rectangle((column * 40, row * 40, column * 40 + 39, row * 40 + 39), fill="black")


def _rainbow(draw: Draw) -> None:
    colours = ("red", "orange", "yellow", "green", "blue", "purple")
    for number, colour in enumerate(colours):
        inset = number * 16
        draw.ellipse((20 + inset, 60 + inset, 300 - inset, 340 - inset), fill=colour)
    draw.ellipse((116, 156, 204, 244), fill="skyblue")


DRAWN = (
    _drawn("a red circle", "white", lambda draw: draw.ellipse((90, 50, 230, 190), fill="red")),
    _drawn("a blue square", "white", lambda draw: draw.rectangle((90, 50, 230, 190), fill="blue")),
    _drawn(
        "a green triangle",
        "white",
        lambda draw: draw.polygon(((160, 30), (250, 200), (70, 200)), fill="green"),
    ),
    _drawn("a black and white checkerboard", "white", _checkerboard),
    _drawn("a house with a red roof", "skyblue", _house),
    _drawn("a green tree", "skyblue", _tree),
    _drawn("a smiling yellow face", "white", _face),
    _drawn("a red traffic light", "lightgray", _traffic_light),
    _drawn("the moon and stars at night", "midnightblue", _night),
    _drawn("a blue car on a road", "lightblue", _car),
    _drawn("the sun setting over the sea", "orange", _sunset),
    _drawn("a rainbow", "skyblue", _rainbow),
)
"""What each shows is told apart from the others by a word or two."""
