"""How much memory Qwen3-VL 2B takes on a CPU: python -m benchmarks.qwen3_vl_memory.

Full size, random weights, stored in bfloat16 as the vendor's are and run with the settings'
defaults, that is in float32: the embedder on one batch of frames, the reranker on as many pairs as
one batch holds, each in a process of its own. Needs the extra models, 14 GB of memory, 5 GB of disk
and a quarter of an hour. Writes benchmarks/results/qwen3_vl_memory.md.
"""

import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.machine import machine, write_table
from benchmarks.qwen3_vl import WORDS, frame, some_pictures
from benchmarks.qwen3_vl_weights import SIZES, VOCABULARY, write_weights
from mmrag_video.models.base import Candidate
from mmrag_video.models.registry import load_model, load_reranker
from mmrag_video.settings import ModelSettings

PAIRS = 22
"""Of 256 tokens a picture and what is around them, in `model.batch_tokens`."""
HEADING = """\
# Memory of Qwen3-VL 2B on a CPU

{machine}. Random weights of the 2B model's full size, stored in bfloat16, run in float32 with the
settings' defaults; frames of 960 x 540 pixels. GB of memory that cannot be taken back, at most; and
with the pages of the weights' file, which the system keeps only while there is room.

| | after loading | at most | with the file's pages | CPU seconds |
|---|---|---|---|---|"""


def main() -> None:
    if len(sys.argv) > 1:
        print(json.dumps(in_a_process_of_its_own(*sys.argv[1:])))
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        call = [sys.executable, "-m", "benchmarks.qwen3_vl_memory", folder]
        for what in ("weights", *WORK):
            done = subprocess.run([*call, what], stdout=subprocess.PIPE, text=True, check=True)
            if what in WORK:
                rows.append("| " + " | ".join(json.loads(done.stdout.splitlines()[-1])) + " |")
    heading = HEADING.format(machine=machine("torch", "transformers"))
    write_table("qwen3_vl_memory.md", "\n".join([heading, *rows]))


def in_a_process_of_its_own(folder: str, what: str) -> list[str]:
    """One row; of the weights, which are written, none."""
    if what == "weights":
        write_weights(Path(folder), SIZES["2b"], None, VOCABULARY, torch.bfloat16, "cpu")
        return []
    settings = ModelSettings(
        name="qwen3-vl-2b", path=folder, reranker_path=folder, device="cpu", precision="auto"
    )
    most = Most()
    work = WORK[what](settings)
    loaded = gigabytes("RssAnon")
    started = time.process_time()
    work()
    seconds = time.process_time() - started
    figures = [loaded, most.gigabytes, gigabytes("VmHWM")]
    return [what, *(f"{figure:.1f}" for figure in figures), f"{seconds:.0f}"]


class Most:
    """The most memory of this process that is no file's, looked at twenty times a second."""

    def __init__(self) -> None:
        self.gigabytes = 0.0
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            self.gigabytes = max(self.gigabytes, gigabytes("RssAnon"))
            time.sleep(0.05)


def gigabytes(entry: str) -> float:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(re.search(rf"{entry}:\s+(\d+)", status)[1]) / 1e6


def embed(settings: ModelSettings) -> Callable[[], object]:
    embedder = load_model(settings).embedder
    frames = [frame([picture]) for picture in some_pictures(settings.batch)]
    return lambda: embedder.embed_frames(frames)


def rerank(settings: ModelSettings) -> Callable[[], object]:
    reranker = load_reranker(settings, "qwen3-vl-reranker-2b")
    pictures = some_pictures(PAIRS)
    candidates = [Candidate({}, 0.0, lambda picture=picture: picture) for picture in pictures]
    return lambda: reranker.judge(WORDS, candidates)


WORK = {"embedder, 8 frames": embed, f"reranker, {PAIRS} pairs": rerank}


if __name__ == "__main__":
    main()
