"""Qwen3-VL with random weights of full width: python -m benchmarks.qwen3_vl [--layers 2].

Frames a second at 256 and 512 tokens a frame by batch size, runs of frames, pairs a second of the
reranker, memory, and against sentence-transformers on the same weights where it is installed (its
Qwen3-VL needs torchvision). Writes benchmarks/results/qwen3_vl.md. On a GPU seconds are those of a
clock; on a CPU they are of all its cores together, so that a busy machine does not change them.
"""

import argparse
import importlib.util
import json
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from PIL import Image as Pictures

from benchmarks.machine import machine, write_table
from benchmarks.qwen3_vl_weights import SIZES, VOCABULARY, Weights, write_weights
from mmrag_video.models.base import Candidate, Embedder, Query
from mmrag_video.models.qwen3_vl.pictures import still
from mmrag_video.models.registry import load_model, load_reranker
from mmrag_video.settings import ModelSettings
from mmrag_video.video.frames import Image
from mmrag_video.video.sampled import EarlierFrame, KeepReason, Movement, SampledFrame

PEAKS = {"H200": 989, "H100": 989, "A100": 312, "L40S": 362, "L4": 121, "4090": 165}
"""Dense bf16 TFLOP/s, by NVIDIA's data sheets."""
AROUND_A_FRAME = 40
"""Tokens of the prompt, about."""
NOT_MEASURED = (
    "Not measured, for want of a GPU: frames and pairs a second on one, its memory, the share of"
    " its peak, bfloat16, and what preparing by several threads is worth there. On a CPU both"
    " programs do the same arithmetic, so that differences of a tenth are the machine's."
)
WORDS = Query(text="a man in a red coat walks past the door at night")


@dataclass(frozen=True)
class Bench:
    """What is measured, and how."""

    folder: Path
    weights: Weights
    device: str
    precision: str
    frames: int
    """Timed for each figure, at least."""

    def settings(self, tokens: int, batch_tokens: int) -> ModelSettings:
        return ModelSettings(
            name="qwen3-vl-2b",
            path=str(self.folder),
            reranker_path=str(self.folder),
            device=self.device,
            precision=self.precision,
            frame_tokens=tokens,
            batch_tokens=batch_tokens,
        )

    def clock(self) -> float:
        if self.device == "cpu":
            return time.process_time()
        torch.cuda.synchronize()
        return time.perf_counter()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=SIZES, default="2b")
    parser.add_argument("--layers", type=int, help="of both towers; all, if not given")
    parser.add_argument("--vocabulary", type=int, default=VOCABULARY, help="less takes less disk")
    parser.add_argument("--frames", type=int, default=64, help="timed for each figure")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8, 32])
    gpu = torch.cuda.is_available()
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda" if gpu else "cpu")
    parser.add_argument("--precision", default="bfloat16" if gpu else "float32")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        weights = write_weights(
            Path(folder),
            SIZES[arguments.size],
            arguments.layers,
            arguments.vocabulary,
            getattr(torch, arguments.precision),
            arguments.device,
        )
        bench = Bench(
            Path(folder), weights, arguments.device, arguments.precision, arguments.frames
        )
        lines = [
            *heading(arguments, bench),
            *frames_table(bench, arguments.batches),
            *preparation(),
            *pairs_table(bench),
        ]
    write_table("qwen3_vl.md", "\n".join(lines))


def heading(arguments: argparse.Namespace, bench: Bench) -> list[str]:
    where = torch.cuda.get_device_name() if bench.device == "cuda" else "CPU"
    size, layers = SIZES[arguments.size], arguments.layers
    depth = (
        f"{layers} of {size.layers} layers and {layers} of {size.seeing_layers} that see"
        if layers
        else "all layers"
    )
    second = "a second" if bench.device == "cuda" else "a second of one core"
    return [
        "# Qwen3-VL by batch size",
        "",
        f"{where}; {machine('torch', 'transformers', 'pillow')}. Random weights in"
        f" {bench.precision} of the {arguments.size.upper()} model's width, {depth}, a vocabulary"
        f" of {arguments.vocabulary:,}. Frames of 960 x 540 pixels; frames and pairs {second}.",
        "",
        *([] if bench.device == "cuda" else [NOT_MEASURED, ""]),
    ]


def frames_table(bench: Bench, batches: Sequence[int]) -> Iterator[str]:
    other = importlib.util.find_spec("sentence_transformers") is not None
    yield "| tokens | batch | frames | TFLOP/s | MB at most | sentence-transformers | times |"
    yield "|---|---|---|---|---|---|---|"
    for tokens in (256, 512):
        for batch in batches:
            ours, memory = frames_a_second(bench, tokens, batch)
            theirs = sentence_transformers_a_second(bench, tokens, batch) if other else None
            yield (
                f"| {tokens} | {batch} | {ours:.3g} | {work(bench, tokens, ours)} | {memory:.0f} |"
                f" {f'{theirs:.3g}' if theirs else 'not installed'} |"
                f" {f'{ours / theirs:.2f}' if theirs else ''} |"
            )
    ours, memory = frames_a_second(bench, 256, max(batches), lead_up=7)
    yield f"| 256, runs of 8 frames | {max(batches)} | {ours:.3g} | | {memory:.0f} | | |"


def frames_a_second(bench: Bench, tokens: int, batch: int, lead_up: int = 0) -> tuple[float, float]:
    settings = bench.settings(tokens, batch * (tokens + AROUND_A_FRAME) * max(1, lead_up))
    embedder: Embedder = load_model(settings).embedder
    pictures = some_pictures(batch + lead_up)
    frames = [frame(pictures[number : number + lead_up + 1]) for number in range(batch)]
    return rate(bench, lambda: embedder.embed_frames(frames), batch)


def sentence_transformers_a_second(bench: Bench, tokens: int, batch: int) -> float:
    from sentence_transformers import SentenceTransformer

    file = bench.folder / "preprocessor_config.json"
    limits = {"size": {"shortest_edge": 4096, "longest_edge": tokens * 1024}}
    file.write_text(json.dumps(json.loads(file.read_text()) | limits))
    model = SentenceTransformer(
        str(bench.folder),
        device=bench.device,
        local_files_only=True,
        model_kwargs={"dtype": getattr(torch, bench.precision)},
    )
    pictures = [Pictures.fromarray(picture) for picture in some_pictures(batch)]
    return rate(bench, lambda: model.encode(pictures, batch_size=batch), batch)[0]


def rate(bench: Bench, work_: Callable[[], object], items: int) -> tuple[float, float]:
    """Items a second, and the most megabytes that it took."""
    work_()
    if bench.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    rounds = max(1, round(bench.frames / items))
    started = bench.clock()
    for _ in range(rounds):
        work_()
    seconds = bench.clock() - started
    if bench.device == "cuda":
        memory = torch.cuda.max_memory_allocated() / 1e6
    else:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return rounds * items / seconds, memory


def work(bench: Bench, tokens: int, frames_a_second: float) -> str:
    """Two operations for each weight and token or patch; attention, a few percent, is left out."""
    rows, columns = still(some_pictures(1)[0], tokens).token_grid
    seen = rows * columns
    operations = 2 * (
        bench.weights.reading * (seen + AROUND_A_FRAME) + bench.weights.seeing * 4 * seen
    )
    done = operations * frames_a_second / 1e12
    name = torch.cuda.get_device_name() if bench.device == "cuda" else ""
    peak = next((peak for card, peak in PEAKS.items() if card in name), None)
    return f"{done:.3g}" + (f" ({done / peak:.0%} of the card's)" if peak else "")


def preparation() -> list[str]:
    picture = some_pictures(1)[0]
    started = time.process_time()
    for _ in range(20):
        still(picture, 256)
    milliseconds = (time.process_time() - started) / 20 * 1000
    return [
        "",
        f"Of each frame's time, {milliseconds:.1f} ms of a core prepare it (resizing to 256"
        " tokens, cutting into patches).",
        "",
    ]


def pairs_table(bench: Bench) -> Iterator[str]:
    """At 256 tokens a picture."""
    pictures = some_pictures(min(20, bench.frames))
    candidates = [Candidate({}, 0.0, lambda picture=picture: picture) for picture in pictures]
    asked = {"words": WORDS, "a picture": Query(image=pictures[0])}
    yield "| the reranker is asked with | pairs | one pair at a time | times |"
    yield "|---|---|---|---|"
    for name, query in asked.items():
        rates = []
        for batch_tokens in (8192, 256):
            reranker = load_reranker(bench.settings(256, batch_tokens), "qwen3-vl-reranker-2b")
            if batch_tokens == 8192:
                judge = lambda: reranker.judge(query, candidates)  # noqa: B023, E731
            else:
                judge = lambda: [reranker.judge(query, [one]) for one in candidates]  # noqa: B023, E731
            rates.append(rate(bench, judge, len(candidates))[0])
        yield f"| {name} | {rates[0]:.3g} | {rates[1]:.3g} | {rates[0] / rates[1]:.2f} |"


def some_pictures(count: int) -> list[Image]:
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (540, 960, 3), dtype=np.uint8) for _ in range(count)]


def frame(pictures: Sequence[Image]) -> SampledFrame:
    """The last, with the others before it, half a second apart."""
    earlier = tuple(
        EarlierFrame(Fraction(number, 2), one) for number, one in enumerate(pictures[:-1])
    )
    time_ = Fraction(len(earlier), 2)
    still_ = Movement(area=0.0, box=None)
    return SampledFrame(time_, time_ + 1, KeepReason.FIRST, pictures[-1], still_, earlier)


if __name__ == "__main__":
    main()
