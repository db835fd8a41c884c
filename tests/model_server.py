"""A stand-in for a model server: speaks as vLLM and as llama-server do, and fails as they do.

A request is taken apart as the real servers take it apart: what they refuse is refused, what they
leave out without a word is left out.
"""

import base64
import io
import json
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import numpy as np
from PIL import Image as Pillow

from tests.toy_model import PICTURE, Fault, Prompt, ToyModel, unit

END = "<|endoftext|>"
"""What the toy's tokenizer, like many an embedder's, puts after a whole prompt."""
MARKER = "<__media_of_this_run__>"
OLD_MARKER = "<__media__>"
_QUERY, _DOCUMENT = "<Query>:", "<Document>:"


class Refused(Exception):
    """An answer with an error status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class ModelServer(ToyModel):
    """A server in threads of this process, from `with` to the end of it."""

    protocol: str = "vllm"
    model: str = "toy"
    port: int = 0
    """0: a free one, known afterwards."""
    dies_after: int | None = None
    """Vectors after which it goes away in the middle of the next one."""
    paths: list[str] = field(default_factory=list)
    """All that was asked for."""
    keeps_connections: bool = False
    """As real servers do; one that is to go away in the middle of something must not."""
    connections: int = 0
    """Open now; `counting` tells when there are fewer."""
    counting: threading.Condition = field(default_factory=threading.Condition)

    def vector(self, prompt: Prompt) -> list[float]:
        """The model's, as long as the server lives."""
        if self.dies_after is not None:
            self.dies_after -= 1
            if self.dies_after < 0:
                self.stop()
                raise ConnectionAbortedError
        return super().vector(prompt)

    def __enter__(self) -> Self:
        self._listening = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        self._listening.daemon_threads = True
        self.port = self._listening.server_port
        self._thread = threading.Thread(target=self._listening.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._thread.join()

    def stop(self) -> None:
        """Go away: nobody listens any more."""
        self._listening.shutdown()
        self._listening.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, path: str, body: Any) -> Any:
        """The JSON for a request. Raises Refused."""
        self.paths.append(path)
        if Fault.BROKEN in self.faults:
            raise Refused(500, "CUDA out of memory")
        # Both of these list their models all the same.
        if Fault.LOADING in self.faults and path != "/v1/models":
            raise Refused(503, "Loading model")
        if Fault.KEY_WANTED in self.faults and path != "/v1/models":
            raise Refused(401, "Invalid API Key")
        if Fault.SLOW in self.faults:
            time.sleep(1)
        if Fault.OTHER_JSON in self.faults:
            return {"hello": "world"}
        if path == "/v1/models":
            names = [self.model] if self.model else []
            return {"object": "list", "data": [{"id": name, "object": "model"} for name in names]}
        spoken = {"vllm": VLLM, "llama": LLAMA}[self.protocol]
        if path not in spoken:
            raise Refused(404, "Not Found")
        return spoken[path](self, body)


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    counting = server.counting

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1" if server.keeps_connections else "HTTP/1.0"

        def setup(self) -> None:
            super().setup()
            with counting:
                server.connections += 1

        def finish(self) -> None:
            super().finish()
            with counting:
                server.connections -= 1
                counting.notify_all()

        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, body: Any) -> None:
            try:
                status, content = 200, json.dumps(server.answer(self.path, body))
            except Refused as refused:
                error = {"message": str(refused), "code": refused.status}
                status, content = refused.status, json.dumps({"error": error})
            except ConnectionAbortedError:
                return
            if Fault.NO_JSON in server.faults:
                content = "<html>It works!</html>"
            with suppress(ConnectionError):  # who asked has given up
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content.encode())

        def log_message(self, *_: object) -> None:
            pass

    return Handler


# vLLM: vllm/entrypoints/pooling of release 0.32


def _vllm_embeddings(server: ModelServer, body: Any) -> Any:
    _check_model(server, body)
    text, pictures = "", []
    for message in body["messages"]:
        content, own = _vllm_content(message["content"])
        text += f"<|im_start|>{message['role']}\n{content}<|im_end|>\n"
        pictures += own
    if body.get("add_generation_prompt"):
        text += "<|im_start|>assistant\n"
    if body.get("add_special_tokens"):
        text += END
    vector = server.vector(Prompt(text, tuple(pictures)))
    if Fault.TOKEN_VECTORS in server.faults:
        vector = [vector] * 3
    return {"data": [{"index": 0, "object": "embedding", "embedding": vector}]}


def _vllm_rerank(server: ModelServer, body: Any) -> Any:
    _check_model(server, body)
    query, *documents = (
        Prompt(content, tuple(pictures))
        for content, pictures in map(_vllm_side, [body["query"], *body["documents"]])
    )
    return _sorted(server.score(query, document) for document in documents)


def _vllm_side(side: Any) -> tuple[str, list[Pillow.Image]]:
    return (side, []) if isinstance(side, str) else _vllm_content(side["content"])


def _vllm_content(parts: Sequence[Mapping[str, Any]]) -> tuple[str, list[Pillow.Image]]:
    text, pictures = "", []
    for part in parts:
        if part["type"] == "text":
            text += part["text"]
        elif part["type"] == "image_url":
            text += PICTURE
            pictures.append(_decoded(_after_comma(part["image_url"]["url"])))
        else:
            raise Refused(400, f"Unknown part type: {part['type']}")
    return text, pictures


def _check_model(server: ModelServer, body: Any) -> None:
    if body.get("model") != server.model:
        raise Refused(404, f"The model `{body.get('model')}` does not exist.")


# llama-server: tools/server of build 11434; builds before the one that took parts refuse them


def _llama_embeddings(server: ModelServer, body: Any) -> Any:
    prompts = [_llama_prompt(server, element) for element in body["input"]]
    rows = []
    for index, prompt in enumerate(prompts):
        if _DOCUMENT in prompt.text:
            vectors = [_rank_output(server, prompt, body.get("embd_normalize", 2))]
        else:
            vectors = [server.vector(prompt)]
        if Fault.TOKEN_VECTORS in server.faults:
            vectors *= 3
        rows.append({"index": index, "embedding": vectors})
    return rows[::-1]


def _rank_output(server: ModelServer, prompt: Prompt, normalisation: int) -> list[float]:
    """The shares of yes and no, and beyond them whatever lies in memory."""
    query, document = prompt.text.split(_QUERY)[1].split(_DOCUMENT)
    split = query.count(PICTURE)
    yes = server.score(
        Prompt(query, prompt.pictures[:split]), Prompt(document, prompt.pictures[split:])
    )
    shares = np.array([yes, 1 - yes])
    if normalisation == 2:
        shares = unit(shares)
    return [*shares.tolist(), 3e38, float("nan")]


def _llama_prompt(server: ModelServer, element: Any) -> Prompt:
    old = Fault.OLD_VERSION in server.faults
    if isinstance(element, str):
        return Prompt(element + END)
    if "content" in element and not old:
        pieces = [_llama_part(part) for part in element["content"]]
        text = "".join(piece if isinstance(piece, str) else PICTURE for piece in pieces)
        return Prompt(text + END, tuple(piece for piece in pieces if not isinstance(piece, str)))
    if "prompt_string" not in element:
        raise Refused(500, '"prompt" elements must be a string or an object with a prompt string')
    pictures = tuple(_decoded(file) for file in element.get("multimodal_data", []))
    marker = OLD_MARKER if old else MARKER
    text = element["prompt_string"]
    if text.count(marker) != len(pictures):
        raise Refused(400, "number of media markers does not match number of bitmaps")
    return Prompt(text.replace(marker, PICTURE) + END, pictures)


def _llama_part(part: Mapping[str, Any]) -> str | Pillow.Image:
    """A picture under another key is no error: it is just not there."""
    if part.get("type") == "text":
        return str(part["text"])
    url = part.get("image_url", {}).get("url", "") if part.get("type") == "image_url" else ""
    return _decoded(_after_comma(url)) if url else ""


def _llama_rerank(server: ModelServer, body: Any) -> Any:
    if Fault.NO_RERANKING in server.faults:
        raise Refused(501, "This server does not support reranking. Start it with `--reranking`")
    if not all(isinstance(text, str) for text in [body["query"], *body["documents"]]):
        raise Refused(400, '"documents" must be a non-empty string array')
    query = Prompt(body["query"])
    return _sorted(server.score(query, Prompt(text)) for text in body["documents"])


def _llama_props(server: ModelServer, body: Any) -> Any:
    return {} if Fault.OLD_VERSION in server.faults else {"media_marker": MARKER}


# Both


def _sorted(scores: Any) -> Any:
    """The best first, as every rerank API does."""
    rows = [{"index": index, "relevance_score": score} for index, score in enumerate(scores)]
    return {"results": sorted(rows, key=lambda row: -row["relevance_score"])}


def _after_comma(url: str) -> str:
    head, _, data = url.partition(",")
    if not re.fullmatch(r"data:image/\w+;base64", head):
        raise Refused(400, "Invalid url format")
    return data


def _decoded(file: str) -> Pillow.Image:
    picture = Pillow.open(io.BytesIO(base64.b64decode(file, validate=True)))
    picture.load()
    return picture


Route = Callable[[ModelServer, Any], Any]
VLLM: Mapping[str, Route] = {"/v1/embeddings": _vllm_embeddings, "/v1/rerank": _vllm_rerank}
LLAMA: Mapping[str, Route] = {
    "/embeddings": _llama_embeddings,
    "/v1/rerank": _llama_rerank,
    "/props": _llama_props,
}
