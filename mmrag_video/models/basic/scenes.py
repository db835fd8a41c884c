"""What kind of place a frame shows, from what stands in it and what it looks like."""

from collections.abc import Mapping
from enum import Enum, auto
from math import exp

from mmrag_video.models.basic.facts import Seen, Shares


class Place(Enum):
    """The kinds of place that can be told apart, roughly."""

    INDOORS = auto()
    OUTDOORS = auto()
    PAVED = auto()
    """Outdoors, with road or asphalt."""
    GREEN = auto()
    """Outdoors, with plants."""
    WATER = auto()
    SNOW = auto()
    ANY = auto()
    """Nothing is known of it."""


PLACES: Mapping[str, Place] = {
    "indoors": Place.INDOORS,
    "room": Place.INDOORS,
    "corridor": Place.INDOORS,
    "shop": Place.INDOORS,
    "warehouse": Place.INDOORS,
    "kitchen": Place.INDOORS,
    "bathroom": Place.INDOORS,
    "garage": Place.ANY,
    "station": Place.ANY,
    "outdoors": Place.OUTDOORS,
    "street": Place.PAVED,
    "parking": Place.PAVED,
    "pavement": Place.OUTDOORS,
    "nature": Place.GREEN,
    "waterside": Place.WATER,
    "snow": Place.SNOW,
}
"""Scene concept to place."""

LEANINGS: Mapping[str, float] = {
    "tv": 1.5, "couch": 2.0, "chair": 0.8, "dining table": 1.2, "bed": 2.0, "laptop": 1.5,
    "keyboard": 1.5, "mouse": 0.8, "refrigerator": 1.0, "microwave": 1.5, "oven": 1.5, "sink": 1.0,
    "toilet": 1.0, "book": 0.6, "vase": 0.8, "bottle": 0.8, "cup": 0.8, "clock": 0.4,
    "potted plant": 0.4, "car": -2.0, "truck": -1.5, "bus": -1.5, "train": -0.8, "boat": -0.8,
    "motorcycle": -1.5, "bicycle": -1.2, "traffic light": -2.0, "stop sign": -1.5,
    "fire hydrant": -0.8, "parking meter": -0.8, "bench": -0.3, "bird": -0.8, "horse": -1.5,
    "cow": -1.5, "sheep": -1.5,
}  # fmt: skip
"""Log odds of being indoors (outdoors: negative) that a label of full confidence is worth."""

INDOOR_TAGS = frozenset((
    "sliding door", "shoji", "desk", "dining table", "bookcase", "library", "file", "photocopier",
    "printer", "monitor", "television", "home theater", "entertainment center", "screen",
    "desktop computer", "washbasin", "bathtub", "tub", "refrigerator", "dishwasher", "stove",
    "microwave", "washer", "wardrobe", "china cabinet", "medicine chest", "studio couch",
    "four-poster", "rocking chair", "barber chair", "barbershop", "table lamp", "lampshade",
    "vacuum", "window shade", "shower curtain", "toilet seat", "theater curtain", "stage",
    "restaurant", "grocery store", "bakery", "butcher shop", "confectionery", "bookshop",
    "shoe shop", "toyshop", "tobacco shop", "vending machine", "cash machine", "turnstile",
    "prison", "cinema", "space heater", "radiator", "fire screen", "pool table", "switch",
    "wall clock", "doormat", "pedestal", "safe", "chiffonier", "modem", "balance beam",
    "dumbbell", "barbell", "water bottle", "pill bottle", "quilt", "crib", "cradle",
    "espresso maker", "spotlight",
))  # fmt: skip
OUTDOOR_TAGS = frozenset((
    "cab", "streetcar", "trolleybus", "school bus", "minibus", "trailer truck", "garbage truck",
    "moving van", "tow truck", "pickup", "beach wagon", "minivan", "limousine", "sports car",
    "convertible", "racer", "jeep", "Model T", "ambulance", "police van", "fire engine",
    "motor scooter", "moped", "mountain bike", "bicycle-built-for-two", "jinrikisha",
    "horse cart", "oxcart", "parking meter", "traffic light", "street sign", "park bench",
    "picket fence", "chainlink fence", "worm fence", "stone wall", "lakeside", "seashore",
    "valley", "alp", "cliff", "promontory", "sandbar", "viaduct", "steel arch bridge",
    "suspension bridge", "pier", "dock", "palace", "castle", "church", "mosque", "monastery",
    "barn", "boathouse", "greenhouse", "mobile home", "tile roof", "thatch", "flagpole",
    "fountain", "maze", "snowplow", "snowmobile", "lawn mower", "tractor", "harvester", "plow",
    "golfcart", "go-kart", "crane", "water tower", "dam", "solar dish", "manhole cover",
    "mailbox", "gas pump", "freight car", "passenger car", "electric locomotive", "airliner",
    "warplane", "wing", "aircraft carrier", "container ship", "liner", "speedboat", "birdhouse",
    "patio", "bannister", "obelisk", "triumphal arch", "unicycle",
))  # fmt: skip
TAG_WEIGHT = 3.0
"""Log odds that a tag of probability 1 is worth."""


def likelihood(place: Place, seen: Seen) -> float:
    """How likely the frame shows such a place, 0 to 1; 0.5: nothing is known."""
    outdoors = 1 - _indoors(seen)
    ground, colours = seen.ground, seen.colours
    asphalt = ground.get("grey", 0.0) + 0.7 * ground.get("black", 0.0)
    return {
        Place.INDOORS: 1 - outdoors,
        Place.OUTDOORS: outdoors,
        Place.PAVED: outdoors * min(1.0, 0.6 + 0.7 * asphalt),
        Place.GREEN: outdoors * min(1.0, 0.2 + 2.0 * colours.get("green", 0.0)),
        Place.WATER: outdoors * min(1.0, 0.2 + 1.5 * colours.get("blue", 0.0)),
        Place.SNOW: outdoors * min(1.0, 0.1 + 1.2 * ground.get("white", 0.0)),
        Place.ANY: 0.5,
    }[place]


def _indoors(seen: Seen) -> float:
    odds = sum(
        share * LEANINGS.get(label, 0.0)
        for thing in seen.things
        for label, share in thing.labels.items()
    )
    odds += TAG_WEIGHT * (_sum(seen.tags, INDOOR_TAGS) - _sum(seen.tags, OUTDOOR_TAGS))
    odds += 1.5 * seen.ground.get("brown", 0.0) + 0.8 * seen.ground.get("beige", 0.0)
    odds -= 2.0 * seen.ground.get("green", 0.0) + 1.0 * seen.ground.get("grey", 0.0)
    return 1 / (1 + exp(-max(-6.0, min(6.0, odds))))


def _sum(tags: Shares, chosen: frozenset[str]) -> float:
    return sum(share for tag, share in tags.items() if tag in chosen)
