"""What a query can speak of, and by which labels and tags the facts show it.

The words for each concept, language by language, are in vocabulary/*.toml.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import cached_property

from mmrag_video.models.basic.appearance import HIGH_VISIBILITY


class Kind(Enum):
    """The part a concept plays in a query."""

    THING = auto()
    GARMENT = auto()
    COLOUR = auto()
    SCENE = auto()
    ACTION = auto()
    POSITION = auto()
    NUMBER = auto()
    LOGIC = auto()
    IGNORED = auto()


SECTIONS: Mapping[str, Kind] = {
    "people": Kind.THING,
    "vehicles": Kind.THING,
    "animals": Kind.THING,
    "things": Kind.THING,
    "garments": Kind.GARMENT,
    "colours": Kind.COLOUR,
    "scenes": Kind.SCENE,
    "actions": Kind.ACTION,
    "positions": Kind.POSITION,
    "numbers": Kind.NUMBER,
    "logic": Kind.LOGIC,
    "unsaid": Kind.IGNORED,
}
"""Section of a vocabulary file to the kind of its concepts."""


class Family(Enum):
    """Things that take each other's place when a picture is called empty."""

    PERSON = auto()
    VEHICLE = auto()
    ANIMAL = auto()
    FURNITURE = auto()
    """Stands in many a picture, half hidden: seldom what a query is about."""
    FIXTURE = auto()
    """Belongs to the place, and has no COCO label: queries say it to say where."""
    OTHER = auto()


@dataclass(frozen=True)
class ThingConcept:
    """How the facts show a thing."""

    labels: Mapping[str, float] = field(default_factory=dict)
    """COCO labels, and how surely something so labelled is one."""
    tags: Mapping[str, float] = field(default_factory=dict)
    """ImageNet tags, likewise."""
    family: Family = Family.OTHER
    with_: tuple[str, ...] = ()
    """Labels of what must be beside it: a cyclist's bicycle."""
    at_least: int = 1
    countable: bool = True
    marks: Mapping[str, float] = field(default_factory=dict)
    """Colours of clothing that tell somebody from anybody else."""

    @cached_property
    def itself(self) -> "ThingConcept":
        """The same by its own labels alone, without those it is only sometimes given."""
        own = {label: share for label, share in self.labels.items() if share >= OWN_LABEL}
        return replace(self, labels=own)


OWN_LABEL = 0.9
"""Share from which a label means the concept rather than something taken for it."""
NOT_TOLD_APART = 0.55
"""Of anybody who may be a child or an officer for all that the labels say: possible, not strong."""
ANY_VEHICLE = {"car": 1.0, "truck": 1.0, "bus": 1.0, "motorcycle": 0.9, "train": 0.8}
ANIMALS = ("bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe")
PERSON = {"person": 1.0}


def _person(with_: tuple[str, ...] = (), at_least: int = 1, **tags: float) -> ThingConcept:
    return ThingConcept(PERSON, _named(tags), Family.PERSON, with_, at_least)


def _vehicle(labels: Mapping[str, float], **tags: float) -> ThingConcept:
    return ThingConcept(labels, _named(tags), Family.VEHICLE)


def _animal(*labels: str) -> ThingConcept:
    return ThingConcept(dict.fromkeys(labels, 1.0), dict.fromkeys(labels, 0.9), Family.ANIMAL)


def _furniture(*labels: str, **tags: float) -> ThingConcept:
    return ThingConcept(dict.fromkeys(labels, 1.0), _named(tags), Family.FURNITURE)


def _fixture(**tags: float) -> ThingConcept:
    return ThingConcept({}, _named(tags), Family.FIXTURE)


def _thing(*labels: str, **tags: float) -> ThingConcept:
    return ThingConcept(dict.fromkeys(labels, 1.0), _named(tags))


def _named(tags: Mapping[str, float]) -> dict[str, float]:
    return {name.replace("_", " "): share for name, share in tags.items()}


THINGS: Mapping[str, ThingConcept] = {
    "person": _person(),
    "people": _person(at_least=2),
    "man": _person(),
    "woman": _person(),
    "pronoun": _person(),
    "pronouns": _person(at_least=2),
    "child": ThingConcept({"person": NOT_TOLD_APART}, {}, Family.PERSON),
    "worker": ThingConcept({"person": NOT_TOLD_APART}, {"crash helmet": 0.9}, Family.PERSON,
                           marks=HIGH_VISIBILITY),
    "officer": ThingConcept({"person": NOT_TOLD_APART},
                            {"military uniform": 1.0, "bulletproof vest": 1.0}, Family.PERSON),
    "cyclist": _person(with_=("bicycle",)),
    "motorcyclist": _person(with_=("motorcycle",)),
    "crowd": _person(at_least=4),
    "limb": ThingConcept({"person": 0.9}, {}, Family.PERSON, countable=False),
    "vehicle": _vehicle(ANY_VEHICLE),
    "car": _vehicle({"car": 1.0, "truck": 0.6, "bus": 0.4}),
    "van": _vehicle({"truck": 0.7, "bus": 0.7, "car": 0.6}, minivan=0.7, moving_van=0.9,
                    minibus=0.8, police_van=0.7),
    "taxi": _vehicle({"car": 0.35, "truck": 0.15, "bus": 0.1}, cab=1.0),
    "police_car": _vehicle({"car": 0.3}, police_van=1.0),
    "ambulance": _vehicle({"truck": 0.3, "bus": 0.3, "car": 0.2}, ambulance=1.0),
    "fire_engine": _vehicle({"truck": 0.3}, fire_engine=1.0),
    "truck": _vehicle({"truck": 1.0, "bus": 0.4, "car": 0.2}, moving_van=0.8, trailer_truck=1.0,
                      garbage_truck=1.0, pickup=0.8, tow_truck=0.9),
    "bus": _vehicle({"bus": 1.0, "train": 0.5, "truck": 0.35, "car": 0.1}, minibus=0.8,
                    school_bus=1.0, trolleybus=1.0),
    "train": _vehicle({"train": 1.0, "bus": 0.3}, streetcar=1.0, bullet_train=1.0,
                      electric_locomotive=1.0, passenger_car=0.8, freight_car=0.9),
    "motorcycle": _vehicle({"motorcycle": 1.0, "bicycle": 0.3}, moped=0.9, motor_scooter=0.9),
    "bicycle": _thing("bicycle", motorcycle=0.0, mountain_bike=0.9, bicycle_built_for_two=0.9),
    "boat": _vehicle({"boat": 1.0}, speedboat=0.8, canoe=0.8, yawl=0.8, catamaran=0.8),
    "airplane": _vehicle({"airplane": 1.0}, airliner=1.0, warplane=0.9),
    "forklift": _vehicle({"truck": 0.25}, forklift=1.0),
    "tractor": _vehicle({"truck": 0.3}, tractor=1.0, harvester=0.8, plow=0.7),
    "animal": _animal(*ANIMALS),
    **{label: _animal(label) for label in ANIMALS},
    "wild_animal": _thing(red_fox=1.0, grey_fox=1.0, timber_wolf=1.0, hare=1.0, fox_squirrel=1.0,
                          wood_rabbit=1.0, gazelle=0.8),
    "bag": _thing("handbag", "backpack", "suitcase", purse=0.8, plastic_bag=0.9, mailbag=0.8,
                  backpack=0.8),
    "backpack": ThingConcept({"backpack": 1.0, "handbag": 0.35}, {"backpack": 0.9}),
    "handbag": ThingConcept({"handbag": 1.0, "backpack": 0.3}, {"purse": 0.9, "mailbag": 0.7}),
    "suitcase": ThingConcept({"suitcase": 1.0, "handbag": 0.3}),
    "umbrella": _thing("umbrella", umbrella=0.6),
    "phone": _thing("cell phone", dial_telephone=0.6, pay_phone=0.4),
    "laptop": _thing("laptop", laptop=0.8, notebook=0.8),
    "computer": _thing("laptop", "tv", "keyboard", desktop_computer=1.0, monitor=0.6),
    "tv": _furniture("tv", "laptop", television=0.8, monitor=0.8, screen=0.8),
    "keyboard": _furniture("keyboard", computer_keyboard=0.9),
    "mouse": _thing("mouse", mouse=0.8),
    "remote": _thing("remote", remote_control=0.8),
    "bottle": _thing("bottle", water_bottle=0.8, pop_bottle=0.8, wine_bottle=0.8,
                     beer_bottle=0.8),
    "cup": _thing("cup", coffee_mug=0.9, cup=0.9),
    "glass": ThingConcept({"wine glass": 1.0, "cup": 0.5}, {"beer glass": 0.8, "goblet": 0.8}),
    "bowl": _thing("bowl"),
    "plate": ThingConcept({"bowl": 0.3, "frisbee": 0.2}, {"plate": 0.8}),
    "chair": ThingConcept({"chair": 1.0, "bench": 0.3, "couch": 0.3}, {"folding chair": 0.7},
                          Family.FURNITURE),
    "table": ThingConcept({"dining table": 1.0, "chair": 0.25},
                          {"dining table": 0.8, "desk": 0.9, "pedestal": 0.4, "pool table": 0.6},
                          Family.FURNITURE),
    "counter": _fixture(desk=0.5, barbershop=0.3, cash_machine=0.3),
    "couch": _furniture("couch", studio_couch=0.9),
    "bed": _furniture("bed", four_poster=0.9),
    "bench": _furniture("bench", park_bench=0.9),
    "plant": _furniture("potted plant", pot=0.7),
    "book": _furniture("book", bookcase=0.5),
    "clock": _furniture("clock", wall_clock=0.8, analog_clock=0.8, digital_clock=0.6),
    "vase": _thing("vase", vase=0.8),
    "ball": _thing("sports ball", soccer_ball=0.8, basketball=0.8, volleyball=0.8),
    "skateboard": _thing("skateboard"),
    "skis": _thing("skis"),
    "snowboard": _thing("snowboard"),
    "surfboard": _thing("surfboard"),
    "kite": _thing("kite"),
    "frisbee": _thing("frisbee"),
    "racket": _thing("tennis racket", racket=0.7),
    "bat": _thing("baseball bat"),
    "traffic_light": _furniture("traffic light", traffic_light=0.9),
    "stop_sign": _thing("stop sign"),
    "sign": ThingConcept({"stop sign": 0.6}, {"street sign": 0.9}),
    "hydrant": _thing("fire hydrant"),
    "parking_meter": _thing("parking meter", parking_meter=0.7),
    "fridge": _furniture("refrigerator", refrigerator=0.7),
    "microwave": _thing("microwave", microwave=0.8),
    "oven": _furniture("oven", stove=0.7),
    "toaster": _thing("toaster"),
    "sink": _furniture("sink", washbasin=0.8),
    "toilet": _thing("toilet", toilet_seat=0.9),
    "knife": _thing("knife", cleaver=0.7),
    "fork": _thing("fork"),
    "spoon": _thing("spoon"),
    "scissors": _thing("scissors"),
    "food": _thing("pizza", "sandwich", "cake", "banana", "apple", "orange", "hot dog", "donut",
                   "broccoli", "carrot"),
    "teddy": _thing("teddy bear", teddy=0.8),
    "trolley": _thing(shopping_cart=1.0, shopping_basket=0.6, barrow=0.4),
    "stroller": _thing(bassinet=0.5, tricycle=0.3),
    "wheelchair": _thing(wheelchair=1.0, tricycle=0.3, stretcher=0.3),
    "stretcher": _thing(stretcher=1.0),
    "box": ThingConcept({"suitcase": 0.25}, {"carton": 1.0, "crate": 1.0, "packet": 0.6}),
    "barrel": _thing(barrel=1.0, rain_barrel=0.8),
    "bucket": _thing(bucket=1.0),
    "broom": _thing(broom=1.0, swab=0.8),
    "bin": _fixture(ashcan=1.0),
    "gun": _thing(revolver=1.0, rifle=1.0, assault_rifle=1.0),
    "tool": _thing(hammer=0.9, power_drill=0.9, shovel=0.9, screwdriver=0.8, hatchet=0.8,
                   chain_saw=0.9),
    "fire": _thing(fire_screen=0.2, torch=0.4, volcano=0.5),
    "smoke": _thing(volcano=0.5, geyser=0.4),
    "tent": _thing(mountain_tent=0.9),
    "flag": _thing(flagpole=0.9),
    "cash_machine": _fixture(cash_machine=1.0),
    "vending_machine": _fixture(vending_machine=1.0),
    "crutch": _thing(crutch=1.0),
    "camera_thing": _thing(tripod=1.0),
    "musical_instrument": _thing(acoustic_guitar=1.0, electric_guitar=1.0, violin=1.0,
                                 grand_piano=1.0, cornet=0.9, sax=0.9),
    "crane": _thing(crane=0.8),
    "balloon": _thing(balloon=1.0),
    "mailbox": _fixture(mailbox=1.0),
}  # fmt: skip
"""Concepts without an entry, such as a ladder, are things the facts cannot show."""
