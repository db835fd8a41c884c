"""Settings of the models: which one, how it is run, and how much it may look at."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from mmrag_video.settings.section import Section


def _web_address(text: str) -> str:
    if not re.match(r"https?://[^/\s]+", text):
        raise ValueError(f"{text!r} does not begin with http:// or https:// and a host")
    return text


Url = Annotated[str, AfterValidator(_web_address)]


class ServerSettings(Section):
    """A server that embeds, reranks or writes over HTTP."""

    url: Url | None = Field(
        None, description="Its address, such as http://127.0.0.1:8000, for the model `server`."
    )
    protocol: Literal["vllm", "llama"] = Field(
        "vllm", description="What it speaks: vLLM's pooling API or llama.cpp's llama-server."
    )
    model: str | None = Field(
        None, description="The model's name there; unset: the first that the server lists."
    )
    key: str | None = Field(None, description="Bearer token, where the server asks for one.")
    reranker_url: Url | None = Field(
        None, description="Address of the server that reranks; unset: nothing is reranked."
    )
    reranker_model: str | None = Field(
        None, description="The reranker's name there; unset: the first that the server lists."
    )
    time_limit: float = Field(
        120.0, gt=0, description="Seconds that an answer may take before it counts as missing."
    )


class ModelSettings(Section):
    """Which model, and how it is run."""

    name: str = Field("basic", description="A model of `docs/models.md`.")
    path: str | None = Field(
        None, description="Local folder or hub name of the weights; unset: the model's own."
    )
    threads: int = Field(0, ge=0, description="CPU threads; 0 lets the library choose.")
    batch: int = Field(
        8, ge=1, description="Frames embedded at a time; an ingest has two such batches under way."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Where torch computes; auto: a GPU where there is one."
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="Of torch models; auto: bfloat16 on a GPU, float32 on a CPU."
    )
    frame_tokens: int = Field(
        256, ge=4, le=1800, description="Qwen3-VL: most tokens a frame takes, 32 x 32 pixels each."
    )
    batch_tokens: int = Field(
        8192, ge=256, description="Qwen3-VL: most tokens computed at a time; less memory with less."
    )
    lead_up: int = Field(
        0,
        ge=0,
        le=63,
        description="Qwen3-VL: earlier frames embedded with each, as a video; others refuse it.",
    )
    lead_up_seconds: float = Field(
        8.0, gt=0, description="Seconds before a frame from which its earlier frames are taken."
    )
    query_instruction: str = Field(
        "Retrieve images or text relevant to the user's query.",
        min_length=1,
        description="Qwen3-VL: what a query is told to be for.",
    )
    frame_instruction: str = Field(
        "Represent the user's input.",
        min_length=1,
        description="Qwen3-VL: what a frame is told to be for.",
    )
    dimensions: int | None = Field(
        None, ge=8, description="Length that vectors are cut to (Matryoshka); unset: whole."
    )
    recall_dimensions: int | None = Field(
        None, ge=8, description="Length of the prefix that recalls; the whole vector then orders."
    )
    reranker: str | None = Field(
        None, description="A reranker of `docs/models.md`; unset: the model's own, if it has one."
    )
    reranker_path: str | None = Field(
        None, description="Local folder or hub name of the reranker's weights."
    )
    server: ServerSettings = ServerSettings()

    @model_validator(mode="after")
    def _a_prefix_is_shorter(self) -> "ModelSettings":
        if self.dimensions and (self.recall_dimensions or 0) >= self.dimensions:
            raise ValueError("recall_dimensions must be less than dimensions")
        return self


class GeneratorSettings(Section):
    """The model that answers in words (`mmrag-video ask`). Off unless a path or a URL is set."""

    path: str | None = Field(
        None, description="Local folder or hub name of a Qwen3-VL instruct model."
    )
    url: Url | None = Field(
        None, description="An OpenAI-compatible server, such as http://127.0.0.1:8000/v1."
    )
    model: str | None = Field(
        None, description="The model's name there; unset: the first that the server lists."
    )
    key: str | None = Field(None, description="Bearer token, where the server asks for one.")
    moments: int = Field(8, ge=1, le=40, description="Moments that it gets to see, at most.")
    most_tokens: int = Field(400, ge=16, description="Length of an answer, at most.")
    time_limit: float = Field(
        300.0, gt=0, description="Seconds that an answer may take before it counts as missing."
    )

    @model_validator(mode="after")
    def _one_place(self) -> "GeneratorSettings":
        if self.path is not None and self.url is not None:
            raise ValueError("path and url are two places for one model: set one of them")
        return self

    @property
    def is_set(self) -> bool:
        """Whether there is one to ask."""
        return self.path is not None or self.url is not None
