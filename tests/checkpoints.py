"""Tiny checkpoints with random weights, in the form in which real ones are published."""

import json
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, processors
from transformers import (
    BertConfig,
    BertModel,
    ChineseCLIPConfig,
    ChineseCLIPModel,
    CLIPConfig,
    CLIPModel,
    PreTrainedModel,
    PreTrainedTokenizerFast,
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
PICTURE = {"image_size": 64, "patch_size": 16}
PAD, END, START = 0, 1, 2


def write_clip(folder: Path) -> Path:
    """CLIP: 24 dimensions, at most 77 tokens, pictures cropped to a square."""
    config = CLIPConfig(
        text_config=_text_tower(77),
        vision_config=TOWER | PICTURE,
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
        vision_config=TOWER | PICTURE,
    )
    processor = {
        "image_processor_type": "SiglipImageProcessor",
        "size": {"height": 64, "width": 64},
    }
    return _write(folder, SiglipModel, config, 64, processor)


def write_siglip_with_sentencepiece(folder: Path) -> Path:
    """SigLIP as it is published: its words in a SentencePiece model, without a tokenizer.json."""
    sentencepiece = pytest.importorskip("sentencepiece", reason="`models` is not installed")
    write_siglip(folder)
    for file in folder.glob("token*"):
        file.unlink()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_some_sentences()),
        model_prefix=str(folder / "spiece"),
        vocab_size=200,
        hard_vocab_limit=False,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
    )
    (folder / "spiece.vocab").unlink()
    config = {"tokenizer_class": "SiglipTokenizer", "model_max_length": 64}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return folder


def write_chinese_clip(folder: Path) -> Path:
    """Chinese CLIP, for all that is none of the above: its words are read by BERT, masked."""
    config = ChineseCLIPConfig(
        text_config=_text_tower(64), vision_config=TOWER | PICTURE, projection_dim=24
    )
    processor = {
        "image_processor_type": "ChineseCLIPImageProcessor",
        "size": {"shortest_edge": 64},
        "crop_size": {"height": 64, "width": 64},
    }
    return _write(folder, ChineseCLIPModel, config, 64, processor)


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


def _some_sentences() -> list[str]:
    who, what = ("a man", "a woman", "two people", "a dog"), ("walks", "runs", "stands", "sits")
    where = ("at the gate", "past a red car", "in the rain", "beside a white van")
    return [f"{one} {does} {there}" for one in who for does in what for there in where]


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
