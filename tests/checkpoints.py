"""Tiny checkpoints with random weights, in the form in which real ones are published."""

import json
import zlib
from pathlib import Path

import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertModel,
    CLIPConfig,
    CLIPModel,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    Siglip2Config,
    Siglip2Model,
    SiglipConfig,
    SiglipModel,
)

TOWER = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}
PAD, END, START = 0, 1, 2


def write_clip(folder: Path) -> Path:
    """CLIP: 24 dimensions, at most 77 tokens, pictures cropped to a square."""
    config = CLIPConfig(
        text_config=_text_tower(77),
        vision_config=TOWER | {"image_size": 64, "patch_size": 16},
        projection_dim=24,
    )
    processor = {
        "image_processor_type": "CLIPImageProcessor",
        "size": {"shortest_edge": 64},
        "crop_size": {"height": 64, "width": 64},
    }
    return _write(folder, CLIPModel, config, 77, processor)


def write_siglip(folder: Path) -> Path:
    """SigLIP, and SigLIP2 of fixed size: 32 dimensions, exactly 64 tokens, pictures squeezed."""
    config = SiglipConfig(
        text_config=_text_tower(64) | {"projection_size": 32},
        vision_config=TOWER | {"image_size": 64, "patch_size": 16},
    )
    processor = {
        "image_processor_type": "SiglipImageProcessor",
        "size": {"height": 64, "width": 64},
    }
    return _write(folder, SiglipModel, config, 64, processor)


def write_naflex(folder: Path) -> Path:
    """SigLIP2 naflex: pictures keep their shape, in at most 16 patches."""
    config = Siglip2Config(
        text_config=_text_tower(64) | {"projection_size": 32},
        vision_config=TOWER | {"num_patches": 16, "patch_size": 16},
    )
    processor = {
        "image_processor_type": "Siglip2ImageProcessor",
        "patch_size": 16,
        "max_num_patches": 16,
    }
    return _write(folder, Siglip2Model, config, 64, processor)


def write_text_model(folder: Path) -> Path:
    """BERT: a model that reads no pictures, in a folder that otherwise looks right."""
    config = BertConfig(vocab_size=len(_tokenizer(64)), **TOWER)
    return _write(folder, BertModel, config, 64, {"image_processor_type": "CLIPImageProcessor"})


def _text_tower(length: int) -> dict[str, object]:
    return TOWER | {
        "vocab_size": len(_tokenizer(length)),
        "max_position_embeddings": length,
        "pad_token_id": PAD,
        "eos_token_id": END,
        "bos_token_id": START,
    }


def _tokenizer(length: int) -> PreTrainedTokenizerFast:
    """One token per byte, so that every script can be written."""
    tokens = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    tokens += [f"<0x{byte:02X}>" for byte in range(256)]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(
        models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>", byte_fallback=True)
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A <eos>", special_tokens=[("<bos>", START), ("<eos>", END)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="<eos>",
        bos_token="<bos>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_max_length=length,
        padding_side="right",
    )


def _write(
    folder: Path, model: type[PreTrainedModel], config: object, length: int, processor: dict
) -> Path:
    torch.manual_seed(0)
    model(config).save_pretrained(folder)
    _tokenizer(length).save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    return folder


QWEN_SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
QWEN_WORDS = ("system", "user", "assistant", "yes", "no")
QWEN_TEMPLATE = """\
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' }}
    {%- for part in message.content %}
        {%- if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>
        {%- elif part.type == 'video' %}<|vision_start|><|video_pad|><|vision_end|>
        {%- else %}{{- part.text }}
        {%- endif %}
    {%- endfor %}
    {{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""


def write_qwen3_vl(folder: Path, tied: bool = True, dimensions: int = 64) -> Path:
    """Qwen3-VL, as the embedding and the reranking models are published.

    `tied`: its head is the table of its tokens, as in the 2B models, not a matrix of its own.
    """
    tokenizer = _qwen_tokenizer()
    token = tokenizer.convert_tokens_to_ids
    config = Qwen3VLConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": dimensions,
            "intermediate_size": 96,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 16,
            "max_position_embeddings": 32768,
            "rope_theta": 5000000,
            "rope_scaling": {
                "rope_type": "default",
                "mrope_section": [4, 2, 2],
                "mrope_interleaved": True,
            },
            "tie_word_embeddings": tied,
        },
        vision_config={
            "depth": 3,
            "hidden_size": 64,
            "intermediate_size": 96,
            "num_heads": 4,
            "out_hidden_size": dimensions,
            "num_position_embeddings": 64,
            "deepstack_visual_indexes": [0, 1],
        },
        image_token_id=token("<|image_pad|>"),
        video_token_id=token("<|video_pad|>"),
        vision_start_token_id=token("<|vision_start|>"),
        vision_end_token_id=token("<|vision_end|>"),
        tie_word_embeddings=tied,
    )
    model = Qwen3VLForConditionalGeneration(config)
    _fill(model)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    pixels = {
        "patch_size": 16,
        "merge_size": 2,
        "temporal_patch_size": 2,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
    }
    image = {"image_processor_type": "Qwen2VLImageProcessorFast"} | pixels
    image["size"] = {"shortest_edge": 65536, "longest_edge": 16777216}
    video = {"video_processor_type": "Qwen3VLVideoProcessor"} | pixels
    video["size"] = {"shortest_edge": 4096, "longest_edge": 25165824}
    (folder / "preprocessor_config.json").write_text(json.dumps(image))
    (folder / "video_preprocessor_config.json").write_text(json.dumps(video))
    return folder


def _fill(model: PreTrainedModel) -> None:
    """Weights that every version of torch has alike, and large enough to tell inputs apart.

    The seed of each tensor is its name, so that it does not depend on what else there is.
    """
    with torch.no_grad():
        for name, weight in model.named_parameters():
            random = np.random.default_rng(zlib.crc32(name.encode()))
            values = random.standard_normal(tuple(weight.shape), dtype=np.float32)
            if weight.ndim == 1:
                values = 0.1 * values + (1.0 if "norm" in name and name.endswith("weight") else 0.0)
            elif "embed_tokens" not in name:
                values /= np.sqrt(values[0].size)
            weight.copy_(torch.from_numpy(values))


def _qwen_tokenizer() -> PreTrainedTokenizerFast:
    """Bytes, as in Qwen's own, and the few words that its prompts and scores are made of."""
    vocabulary = {
        letter: number for number, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))
    }
    merges = []
    for word in QWEN_WORDS:
        for end in range(1, len(word)):
            if word[: end + 1] not in vocabulary:
                merges.append((word[:end], word[end]))
                vocabulary[word[: end + 1]] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in QWEN_SPECIAL])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=list(QWEN_SPECIAL),
        chat_template=QWEN_TEMPLATE,
        model_max_length=262144,
    )
