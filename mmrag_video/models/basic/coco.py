"""The detector's classes: the 80 of COCO, by their number in the TensorFlow detection zoo."""

from collections.abc import Mapping

LABELS: Mapping[int, str] = dict(
    pair
    for first, names in (
        (1, "person bicycle car motorcycle airplane bus train truck boat traffic_light"),
        (11, "fire_hydrant"),
        (13, "stop_sign parking_meter bench bird cat dog horse sheep cow elephant bear zebra"),
        (25, "giraffe"),
        (27, "backpack umbrella"),
        (31, "handbag tie suitcase frisbee skis snowboard sports_ball kite baseball_bat"),
        (40, "baseball_glove skateboard surfboard tennis_racket bottle"),
        (46, "wine_glass cup fork knife spoon bowl banana apple sandwich orange broccoli carrot"),
        (58, "hot_dog pizza donut cake chair couch potted_plant bed"),
        (67, "dining_table"),
        (70, "toilet"),
        (72, "tv laptop mouse remote keyboard cell_phone microwave oven toaster sink refrigerator"),
        (84, "book clock vase scissors teddy_bear hair_drier toothbrush"),
    )
    for pair in enumerate((name.replace("_", " ") for name in names.split()), start=first)
)
"""Class number to label."""
