"""Which of the tagger's ImageNet classes are kinds of the detector's COCO classes."""

from collections.abc import Mapping

KINDS: Mapping[str, tuple[str, ...]] = {
    "car": (
        "beach wagon", "cab", "car mirror", "car wheel", "convertible", "grille", "jeep",
        "limousine", "minivan", "Model T", "police van", "racer", "sports car", "ambulance",
    ),
    "truck": (
        "fire engine", "garbage truck", "moving van", "pickup", "tow truck", "trailer truck",
        "snowplow",
    ),
    "bus": ("minibus", "school bus", "trolleybus", "recreational vehicle"),
    "train": ("bullet train", "electric locomotive", "freight car", "passenger car",
              "steam locomotive", "streetcar"),
    "bicycle": ("bicycle-built-for-two", "mountain bike", "tricycle", "unicycle"),
    "motorcycle": ("moped", "motor scooter", "disk brake"),
    "boat": ("canoe", "catamaran", "fireboat", "gondola", "lifeboat", "speedboat", "yawl",
             "trimaran", "schooner"),
    "airplane": ("airliner", "warplane", "wing"),
    "bottle": ("beer bottle", "pill bottle", "pop bottle", "water bottle", "wine bottle",
               "water jug"),
    "cell phone": ("cellular telephone", "hand-held computer", "iPod"),
    "tv": ("television", "monitor", "screen", "home theater", "entertainment center"),
    "laptop": ("laptop", "notebook"),
    "keyboard": ("computer keyboard", "space bar", "typewriter keyboard"),
    "mouse": ("mouse",),
    "remote": ("remote control",),
    "chair": ("barber chair", "folding chair", "rocking chair", "throne"),
    "couch": ("studio couch",),
    "dining table": ("dining table", "desk", "pool table"),
    "bench": ("park bench",),
    "backpack": ("backpack",),
    "handbag": ("purse", "mailbag", "plastic bag"),
    "suitcase": ("chest",),
    "umbrella": ("umbrella",),
    "tie": ("Windsor tie", "bow tie", "bolo tie"),
    "clock": ("analog clock", "digital clock", "wall clock"),
    "vase": ("vase", "pot", "pitcher"),
    "cup": ("cup", "coffee mug", "espresso"),
    "potted plant": ("pot", "greenhouse"),
    "refrigerator": ("refrigerator",),
    "microwave": ("microwave",),
    "toilet": ("toilet seat",),
    "sink": ("washbasin",),
    "book": ("book jacket", "bookcase", "comic book"),
    "traffic light": ("traffic light",),
    "stop sign": ("street sign",),
    "parking meter": ("parking meter",),
    **{label: (label,) for label in ("bird", "dog", "cat")},
    "horse": ("sorrel", "horse cart"),
    "sheep": ("ram", "bighorn"),
    "cow": ("ox", "water buffalo", "bison"),
    "elephant": ("tusker", "Indian elephant", "African elephant"),
    "bear": ("brown bear", "American black bear", "ice bear", "sloth bear"),
    "zebra": ("zebra",),
    "sports ball": ("baseball", "basketball", "golf ball", "ping-pong ball", "rugby ball",
                    "soccer ball", "tennis ball", "volleyball", "croquet ball"),
    "teddy bear": ("teddy",),
    "bed": ("four-poster", "studio couch"),
}  # fmt: skip
"""COCO label to tags, by their first name in the tagger's list."""
LABELS_OF_TAG: Mapping[str, tuple[str, ...]] = {
    tag: tuple(label for label, tags in KINDS.items() if tag in tags)
    for tag in dict.fromkeys(tag for tags in KINDS.values() for tag in tags)
}
"""Tag to the COCO labels it is a kind of: a thing has few tags, and there are many kinds."""
GROUPS: Mapping[str, tuple[tuple[int, int], ...]] = {
    "bird": ((7, 24), (80, 100), (127, 146)),
    "dog": ((151, 268),),
    "cat": ((281, 285),),
}
"""COCO label to spans of ImageNet class numbers, ends included, that become one tag."""
