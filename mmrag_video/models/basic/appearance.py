"""What people wear and what colours are called, and how the facts show them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

HIGH_VISIBILITY = {"orange": 1.0, "yellow": 1.0, "green": 0.6}
"""Colours of safety clothing."""


class Region(Enum):
    """Where on a person a garment is worn."""

    UPPER = auto()
    LOWER = auto()
    WHOLE = auto()
    HEAD = auto()
    UNSEEN = auto()


@dataclass(frozen=True)
class GarmentConcept:
    """How the facts show what somebody wears."""

    region: Region
    tags: Mapping[str, float] = field(default_factory=dict)
    label: str = ""
    """The COCO label it is detected by, if any."""
    colour: Mapping[str, float] = field(default_factory=dict)
    """The colour it always has, if any: as good as said."""


GARMENTS: Mapping[str, GarmentConcept] = {
    "clothes": GarmentConcept(Region.WHOLE),
    "jacket": GarmentConcept(
        Region.UPPER, {"trench coat": 1.0, "suit": 0.5, "fur coat": 0.7, "sweatshirt": 0.4}
    ),
    "shirt": GarmentConcept(Region.UPPER, {"jersey": 1.0, "sweatshirt": 0.5}),
    "sweater": GarmentConcept(
        Region.UPPER, {"sweatshirt": 1.0, "cardigan": 1.0, "wool": 0.8, "jersey": 0.4}
    ),
    "vest": GarmentConcept(Region.UPPER, {"bulletproof vest": 0.8}),
    "hi_vis": GarmentConcept(Region.UPPER, colour=HIGH_VISIBILITY),
    "trousers": GarmentConcept(Region.LOWER, {"jean": 0.8}),
    "skirt": GarmentConcept(Region.LOWER, {"miniskirt": 1.0, "overskirt": 0.8}),
    "dress": GarmentConcept(
        Region.WHOLE, {"gown": 1.0, "overskirt": 0.8, "miniskirt": 0.5, "stole": 0.4}
    ),
    "suit": GarmentConcept(
        Region.WHOLE, {"suit": 1.0, "Windsor tie": 0.9, "bow tie": 0.7, "trench coat": 0.4}
    ),
    "uniform": GarmentConcept(Region.WHOLE, {"military uniform": 1.0}),
    "helmet": GarmentConcept(Region.HEAD, {"crash helmet": 1.0, "football helmet": 0.8}),
    "hat": GarmentConcept(Region.HEAD, {"cowboy hat": 0.9, "sombrero": 0.8, "bonnet": 0.7}),
    "hair": GarmentConcept(Region.HEAD),
    "tie": GarmentConcept(
        Region.UNSEEN, {"Windsor tie": 1.0, "bow tie": 0.7, "suit": 0.7, "bolo tie": 0.7}, "tie"
    ),
    "shoes": GarmentConcept(Region.UNSEEN),
    "mask": GarmentConcept(Region.UNSEEN, {"mask": 1.0, "ski mask": 1.0, "gasmask": 0.8}),
    "glasses": GarmentConcept(Region.UNSEEN, {"sunglass": 1.0, "sunglasses": 1.0}),
    "gloves": GarmentConcept(Region.UNSEEN, {"mitten": 1.0}),
    "scarf": GarmentConcept(Region.UNSEEN, {"stole": 0.9, "wool": 0.6}),
    "belt": GarmentConcept(Region.UNSEEN, {"buckle": 1.0}),
    "apron": GarmentConcept(Region.UNSEEN, {"apron": 1.0}),
}


COLOURS: Mapping[str, Mapping[str, float]] = {
    "black": {"black": 1.0},
    "white": {"white": 1.0, "beige": 0.25, "grey": 0.15},
    "grey": {"grey": 1.0, "black": 0.1, "white": 0.1},
    "red": {"red": 1.0, "pink": 0.3, "orange": 0.15, "brown": 0.1},
    "orange": {"orange": 1.0, "red": 0.25, "brown": 0.15},
    "yellow": {"yellow": 1.0, "beige": 0.2, "orange": 0.1, "green": 0.1},
    "green": {"green": 1.0},
    "blue": {"blue": 1.0, "purple": 0.3, "grey": 0.05},
    "navy": {"blue": 1.0, "black": 0.4, "purple": 0.2},
    "purple": {"purple": 1.0, "blue": 0.15, "pink": 0.15},
    "pink": {"pink": 1.0, "red": 0.15, "purple": 0.15},
    "brown": {"brown": 1.0, "beige": 0.2, "orange": 0.1},
    "beige": {"beige": 1.0, "white": 0.2, "brown": 0.2},
    "silver": {"grey": 1.0, "white": 0.6},
    "gold": {"yellow": 0.8, "beige": 0.8, "brown": 0.3},
    "blond": {"beige": 1.0, "yellow": 1.0, "brown": 0.6},
    "dark": {"black": 1.0, "brown": 0.4, "blue": 0.3, "grey": 0.3},
    "light": {"white": 1.0, "beige": 0.8, "grey": 0.5, "yellow": 0.4, "pink": 0.3},
}
"""What people call a colour, to how much each of the twelve names is it."""
