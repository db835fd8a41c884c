"""Qwen3-VL folders of full width with random weights: the vendor's sizes, as many layers as asked.

The real weights need a model hub; speed and memory do not depend on their values.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen3VLConfig, Qwen3VLForConditionalGeneration

VOCABULARY = 151_936
SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
TEMPLATE = """\
{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' }}
{%- if message.content is string %}{{- message.content }}{%- else %}
{%- for part in message.content %}
{%- if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>
{%- elif part.type == 'video' %}<|vision_start|><|video_pad|><|vision_end|>
{%- else %}{{- part.text }}{%- endif %}{%- endfor %}{%- endif %}{{- '<|im_end|>\\n' }}{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"""


@dataclass(frozen=True)
class Size:
    """The vendor's: https://huggingface.co/Qwen/Qwen3-VL-2B-Instruct, -8B-Instruct, config.json."""

    hidden: int
    inner: int
    heads: int
    layers: int
    seeing_hidden: int
    seeing_inner: int
    seeing_layers: int
    tied: bool


@dataclass(frozen=True)
class Weights:
    """How many there are in the layers that read and that see: tables of tokens are looked up."""

    reading: int
    seeing: int


SIZES = {
    "2b": Size(2048, 6144, 16, 28, 1024, 4096, 24, tied=True),
    "8b": Size(4096, 12288, 32, 36, 1152, 4304, 27, tied=False),
}


def configuration(size: Size, layers: int | None, vocabulary: int) -> Qwen3VLConfig:
    """`layers`: of both towers, None for all of them."""
    reading, seeing = layers or size.layers, layers or size.seeing_layers
    return Qwen3VLConfig(
        text_config={
            "vocab_size": vocabulary,
            "hidden_size": size.hidden,
            "intermediate_size": size.inner,
            "num_hidden_layers": reading,
            "num_attention_heads": size.heads,
            "num_key_value_heads": 8,
            "head_dim": 128,
            "max_position_embeddings": 262144,
            "rope_theta": 5000000,
            "rope_scaling": {
                "rope_type": "default",
                "mrope_section": [24, 20, 20],
                "mrope_interleaved": True,
            },
            "tie_word_embeddings": size.tied,
        },
        vision_config={
            "depth": seeing,
            "hidden_size": size.seeing_hidden,
            "intermediate_size": size.seeing_inner,
            "num_heads": 16,
            "out_hidden_size": size.hidden,
            "num_position_embeddings": 2304,
            "deepstack_visual_indexes": sorted({number * seeing // 4 for number in (1, 2, 3)})[
                : min(3, reading)
            ],
        },
        image_token_id=SPECIAL.index("<|image_pad|>"),
        video_token_id=SPECIAL.index("<|video_pad|>"),
        vision_start_token_id=SPECIAL.index("<|vision_start|>"),
        vision_end_token_id=SPECIAL.index("<|vision_end|>"),
        tie_word_embeddings=size.tied,
    )


def write_weights(
    folder: Path,
    size: Size,
    layers: int | None,
    vocabulary: int,
    precision: torch.dtype,
    device: str,
) -> Weights:
    """Writes the folder."""
    torch.manual_seed(0)
    torch.set_default_dtype(precision)
    with torch.device(device):
        model = Qwen3VLForConditionalGeneration(configuration(size, layers, vocabulary))
    torch.set_default_dtype(torch.float32)
    model.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    shared = {
        "patch_size": 16,
        "merge_size": 2,
        "temporal_patch_size": 2,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
        "size": {"shortest_edge": 4096, "longest_edge": 1843200},
    }
    image = {"image_processor_type": "Qwen2VLImageProcessorFast"} | shared
    video = {"video_processor_type": "Qwen3VLVideoProcessor"} | shared
    (folder / "preprocessor_config.json").write_text(json.dumps(image))
    (folder / "video_preprocessor_config.json").write_text(json.dumps(video))
    return Weights(_count(model.model.language_model.layers), _count(model.model.visual.blocks))


def _count(layers: torch.nn.Module) -> int:
    return sum(weight.numel() for weight in layers.parameters())


def tokenizer() -> PreTrainedTokenizerFast:
    """A token for each word and each run of other signs: about as many as the vendor's gives."""
    vocabulary = {token: number for number, token in enumerate([*SPECIAL, "yes", "no", "other"])}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="other"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL])
    return PreTrainedTokenizerFast(
        tokenizer_object=words,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        unk_token="other",
        additional_special_tokens=list(SPECIAL),
        chat_template=TEMPLATE,
        model_max_length=262144,
    )
