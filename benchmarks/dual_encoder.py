"""Dual encoders on one core: pictures a CPU second, and memory, against the ways at hand.

    python -m benchmarks.dual_encoder

The weights are random, of the published models' sizes: what they compute is nonsense, how long it
takes is not. Preparation of the pictures is always included. Every way embeds in turn, so that a
busy machine is equally busy for all. sentence-transformers is measured if it is installed. Needs
the extras models and onnx, 8 GB of memory and a quarter of an hour. Writes
benchmarks/results/dual_encoder.md.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from importlib.util import find_spec
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.machine import machine, write_table
from mmrag_video.models.base import Embedder, Query
from mmrag_video.models.cards import EMBEDDERS
from mmrag_video.models.dual_encoder.export import ComparedPictures, export
from mmrag_video.models.dual_encoder.variant import Quantization
from mmrag_video.models.registry import card_of, load_model
from mmrag_video.settings import ModelSettings
from mmrag_video.video.sampled import KeepReason, Movement, SampledFrame

ROUNDS = 5
PICTURES = 16
"""Each round; what an ingest embeds are batches of `model.batch`, 8."""
HEIGHT, WIDTH = 540, 960
"""Pixels: a 1080p camera's frames as the sampler hands them on."""
QUESTION = "a man in a red jacket walks past a parked car"
TOWER = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12}
SIGLIP_TEXT = TOWER | {"num_attention_heads": 12, "max_position_embeddings": 64}
MODELS: Mapping[str, Mapping[str, Any]] = {
    "clip": {
        "text_config": {"vocab_size": 49408, "bos_token_id": 0, "eos_token_id": 1},
        "vision_config": TOWER | {"image_size": 224, "patch_size": 32},
    },
    "siglip": {
        "text_config": SIGLIP_TEXT | {"vocab_size": 32000, "eos_token_id": 1},
        "vision_config": TOWER | {"image_size": 224, "patch_size": 16},
    },
    "siglip2": {
        "text_config": SIGLIP_TEXT | {"vocab_size": 256000, "eos_token_id": 1},
        "vision_config": TOWER | {"image_size": 256, "patch_size": 16},
    },
}
"""As their config.json has it, where that is not transformers' default."""

Way = Callable[[Sequence[SampledFrame]], Any]


def main() -> None:
    if len(sys.argv) > 1:  # a child, whose memory is measured
        print(json.dumps(in_a_process_of_its_own(*sys.argv[1:])))
        return
    with tempfile.TemporaryDirectory() as folder:
        checkpoints = {name: write_checkpoint(Path(folder) / name, name) for name in MODELS}
        ours = {name: write_variants(checkpoint) for name, checkpoint in checkpoints.items()}
        ways = ways_for_clip(checkpoints["clip"], ours["clip"])
        speeds = measure(ways)
        children = [
            (name, way, child(path, precision))
            for name in MODELS
            for way, path, precision in (
                ("torch, float32", checkpoints[name], "float32"),
                ("torch, bfloat16", checkpoints[name], "bfloat16"),
                ("ONNX Runtime, float32", ours[name][Quantization.NONE], "auto"),
                ("ONNX Runtime, int8", ours[name][Quantization.INT8], "auto"),
            )
        ]
        write_table("dual_encoder.md", report(speeds, children))


# The models


def write_checkpoint(folder: Path, name: str) -> Path:
    import torch
    from transformers import CLIPConfig, CLIPModel, SiglipConfig, SiglipModel

    torch.manual_seed(0)
    kind, config = (CLIPModel, CLIPConfig) if name == "clip" else (SiglipModel, SiglipConfig)
    kind(config(**MODELS[name])).save_pretrained(folder)
    processor: dict[str, Any] = {"image_processor_type": "CLIPImageProcessor"}
    if name != "clip":
        side = MODELS[name]["vision_config"]["image_size"]
        processor = {
            "image_processor_type": "SiglipImageProcessor",
            "size": {"height": side, "width": side},
        }
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    tokenizer(77 if name == "clip" else 64).save_pretrained(folder)
    return folder


def tokenizer(length: int) -> Any:
    """A token for each sign: a question is as long as one of words would be with a few more."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    signs = ["<bos>", "<eos>", "<pad>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    made = Tokenizer(models.BPE(vocab={sign: n for n, sign in enumerate(signs)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.post_processor = processors.TemplateProcessing(
        single="<bos> $A <eos>", special_tokens=[("<bos>", 0), ("<eos>", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        model_max_length=length,
    )


def write_variants(checkpoint: Path) -> dict[Quantization, Path]:
    folders = {}
    for quantization in Quantization:
        folders[quantization] = checkpoint.with_name(f"{checkpoint.name}-{quantization}")
        export(
            ModelSettings(path=str(checkpoint)),
            card_of("dual-encoder", EMBEDDERS, ""),
            quantization,
            folders[quantization],
            ComparedPictures((), "drawn scenes"),
        )
    return folders


def embedder_of(path: Path, precision: str) -> Embedder:
    settings = {"name": "dual-encoder", "path": str(path), "precision": precision}
    return load_model(ModelSettings(**settings, threads=1, device="cpu")).embedder


# The ways


def ways_for_clip(checkpoint: Path, variants: Mapping[Quantization, Path]) -> dict[str, Way]:
    ours = {
        "torch, float32": (checkpoint, "float32"),
        "torch, bfloat16": (checkpoint, "bfloat16"),
        "ONNX Runtime, float32": (variants[Quantization.NONE], "auto"),
        "ONNX Runtime, int8": (variants[Quantization.INT8], "auto"),
    }
    ways: dict[str, Way] = {
        "plain loop of transformers": plain_loop(checkpoint),
        **{
            f"mmrag-video, {name}": embedder_of(path, precision).embed_frames
            for name, (path, precision) in ours.items()
        },
    }
    if find_spec("sentence_transformers") is not None:
        ways["sentence-transformers, batches of 8"] = sentence_transformers_way(checkpoint)
    return ways


def plain_loop(checkpoint: Path) -> Way:
    """What the model's own page shows, for one picture after the other."""
    import torch
    from transformers import AutoModel, AutoProcessor

    torch.set_num_threads(1)
    processor = AutoProcessor.from_pretrained(checkpoint)
    model = AutoModel.from_pretrained(checkpoint).eval()

    def embed(frames: Sequence[SampledFrame]) -> list[Any]:
        with torch.no_grad():
            return [
                model.get_image_features(**processor(images=frame.image, return_tensors="pt"))
                for frame in frames
            ]

    return embed


def sentence_transformers_way(checkpoint: Path) -> Way:
    from PIL import Image
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(checkpoint), device="cpu")

    def embed(frames: Sequence[SampledFrame]) -> Any:
        return model.encode([Image.fromarray(frame.image) for frame in frames], batch_size=8)

    return embed


# Measuring


def frames() -> Iterator[SampledFrame]:
    """Soft noise: how long a picture takes does not depend on what it shows."""
    coarse = np.random.default_rng(0).integers(0, 256, (PICTURES, 9, 16, 3), dtype=np.uint8)
    still = Movement(area=0.0, box=None)
    for small in cycle(coarse):
        image = small.repeat(HEIGHT // 9, axis=0).repeat(WIDTH // 16, axis=1)
        yield SampledFrame(Fraction(0), Fraction(1), KeepReason.FIRST, image, still)


def measure(ways: Mapping[str, Way]) -> dict[str, list[float]]:
    """Pictures a CPU second of each way, round by round."""
    batch = list(islice(frames(), PICTURES))
    for embed in ways.values():
        embed(batch[:2])
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, embed in ways.items():
            start = time.process_time()
            embed(batch)
            speeds[name].append(PICTURES / (time.process_time() - start))
    return speeds


def child(path: Path, precision: str) -> dict[str, float]:
    call = [sys.executable, "-m", "benchmarks.dual_encoder", str(path), precision]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def in_a_process_of_its_own(path: str, precision: str) -> dict[str, float]:
    """Pictures a CPU second, CPU milliseconds for a question, GB at most."""
    embedder = embedder_of(Path(path), precision)
    speed = median(measure({"this": embedder.embed_frames})["this"])
    questions = []
    for _ in range(ROUNDS):
        start = time.process_time()
        embedder.embed_query(Query(text=QUESTION))
        questions.append(1000 * (time.process_time() - start))
    return {"speed": speed, "question": median(questions), "memory": most_memory()}


def most_memory() -> float:
    """GB. Not getrusage's, which a child inherits from the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1e6


def report(
    speeds: Mapping[str, Sequence[float]], children: Sequence[tuple[str, str, dict[str, float]]]
) -> str:
    packages = ["torch", "transformers", "onnxruntime", "pillow"]
    with suppress(ImportError):
        import sentence_transformers  # noqa: F401

        packages.append("sentence-transformers")
    plain = speeds["plain loop of transformers"]
    lines = [
        "# Dual encoders on one core",
        "",
        f"{machine(*packages)}. Random weights of the published sizes, one thread, pictures of"
        f" {WIDTH} x {HEIGHT}, preparation included; median of {ROUNDS} rounds of {PICTURES}"
        " pictures.",
        "",
        "CLIP ViT-B/32. The ratios are those of the same round.",
        "",
        "| Way | pictures a CPU second | against the plain loop |",
        "|---|---|---|",
    ]
    for name, rounds in speeds.items():
        ratios = [one / other for one, other in zip(rounds, plain, strict=True)]
        lines.append(f"| {name} | {median(rounds):.1f} | {median(ratios):.2f} |")
    lines += [
        "",
        "Every model and way in a process of its own. A question is one of"
        f" {len(QUESTION)} tokens for CLIP, of 64 for the others.",
        "",
        "| Model | Way | pictures a CPU second | CPU ms a question | GB of memory at most |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {way} | {one['speed']:.1f} | {one['question']:.0f} | {one['memory']:.2f} |"
        for name, way, one in children
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
