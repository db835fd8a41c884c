"""A prompt as Qwen3-VL reads it: tokens, and patches of pixels.

Written out by hand, because the library's own processor needs torchvision. The form of a turn is
that of the model's chat template, ChatML: https://huggingface.co/Qwen/Qwen3-VL-2B-Instruct
"""

from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image as Pillow

from mmrag_video.generators.base import Prompt
from mmrag_video.video.frames import Image

_PICTURE_TOKEN = "<|image_pad|>"
_PICTURE = f"<|vision_start|>{_PICTURE_TOKEN}<|vision_end|>"


def prepare(prompt: Prompt, tokenizer: Any, image_processor: Any) -> Mapping[str, Any]:
    """The tensors of one prompt, on the CPU.

    `input_ids`, `attention_mask` and `mm_token_type_ids` (1 where a picture's token stands) are
    (1, tokens); `pixel_values` (patches, values) and `image_grid_thw` (pictures, 3) are there if
    the prompt has pictures.
    """
    images = [part for part in prompt.parts if not isinstance(part, str)]
    pixels = _pixels(images, image_processor) if images else {}
    merged = image_processor.merge_size**2
    lengths = [int(grid.prod()) // merged for grid in pixels.get("image_grid_thw", ())]
    # A tokenizer keeps its settings as state: the caller lets one thread in at a time.
    words = tokenizer([_turns(prompt, lengths)], add_special_tokens=False, return_tensors="pt")
    ids = words["input_ids"]
    kinds = (ids == tokenizer.convert_tokens_to_ids(_PICTURE_TOKEN)).to(ids.dtype)
    return {
        "input_ids": ids,
        "attention_mask": words["attention_mask"],
        "mm_token_type_ids": kinds,
        **pixels,
    }


def _pixels(images: Sequence[Image], image_processor: Any) -> Mapping[str, Any]:
    prepared: Mapping[str, Any] = image_processor(
        images=[Pillow.fromarray(image) for image in images], return_tensors="pt"
    )
    return {name: prepared[name] for name in ("pixel_values", "image_grid_thw")}


def _turns(prompt: Prompt, lengths: Sequence[int]) -> str:
    """Both turns, and the start of the answer's. A picture's token stands once for each patch."""
    remaining = iter(lengths)
    said = "".join(
        _plain(part)
        if isinstance(part, str)
        else _PICTURE.replace(_PICTURE_TOKEN, _PICTURE_TOKEN * next(remaining))
        for part in prompt.parts
    )
    return (
        f"<|im_start|>system\n{_plain(prompt.instruction)}<|im_end|>\n"
        f"<|im_start|>user\n{said}<|im_end|>\n"
        "<|im_start|>assistant\n"
    )


def _plain(text: str) -> str:
    """Words that cannot end a turn or claim a picture: no special token is left in them."""
    return text.replace("<|", "< |")
