"""A model on a server: found by its name, asked, and believed only as far as it makes sense."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmrag_video.errors import ModelError
from mmrag_video.models.connection import Connection
from mmrag_video.models.server.answers import misunderstood
from mmrag_video.models.server.llama import LlamaServer
from mmrag_video.models.server.protocol import Content, ServerProtocol, Symptom
from mmrag_video.models.server.vllm import Vllm
from mmrag_video.settings.models import ServerSettings

PROTOCOLS: Mapping[str, Callable[[Connection, str], ServerProtocol]] = {
    "vllm": Vllm,
    "llama": LlamaServer,
}
"""By the setting `model.server.protocol`."""


@dataclass(frozen=True)
class Address:
    """Where a server is, what it is asked for there, and which setting says so."""

    url: str
    model: str | None
    """None: the first that it lists."""
    setting: str
    model_setting: str


class ServedModel:
    """One model of a server. Threads share it."""

    def __init__(self, address: Address, settings: ServerSettings) -> None:
        """Raises ModelError if the server cannot be reached or does not have the model."""
        # Whoever knows such servers by other programs writes their addresses with /v1.
        url = address.url.rstrip("/").removesuffix("/v1")
        self._connection = Connection(url, settings.key, settings.time_limit, address.setting)
        self._address = address
        self.name = self._find_name()
        self._protocol = PROTOCOLS[settings.protocol](self._connection, self.name)

    def check_name(self) -> None:
        """Raises ModelError if the server has been started again with another model."""
        if self.name not in self._listed():
            raise self._another_model(f"no longer has the model {self.name}")

    def close(self) -> None:
        """Let go of the connections."""
        self._connection.close()

    def vector(self, content: Content, instruction: str) -> NDArray[np.float32]:
        """The vector as the server gave it: (dimensions,), finite, not zero, of any length.

        Raises ModelError where it is something else.
        """
        try:
            given = np.asarray(self._protocol.embed(content, instruction), dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise misunderstood(self._connection) from error
        if given.ndim != 1:
            raise self.complaint(Symptom.TOKEN_VECTORS)
        if not np.isfinite(given).all():
            raise self.complaint(Symptom.NO_NUMBERS)
        if not given.any():
            raise self.complaint(Symptom.NO_DIRECTION)
        return given

    def scores(self, query: Content, documents: Sequence[Content]) -> list[float]:
        """From 0 to 1 for each document, in order. Raises ModelError where one is not."""
        try:
            given = [float(score) for score in self._protocol.score(query, documents)]  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            raise self.complaint(Symptom.NO_PROBABILITY) from error
        if not all(0 <= score <= 1 for score in given):
            raise self.complaint(Symptom.NO_PROBABILITY)
        return given

    def complaint(self, symptom: Symptom) -> ModelError:
        """What is wrong with the server, and how to start it so that it is not."""
        return ModelError(
            f"The model server at {self._connection.url} {symptom}: "
            f"{self._protocol.remedies[symptom]}."
        )

    def wrong_dimensions(self, found: int, expected: int) -> ModelError:
        """The error for vectors of another length than the model's."""
        return self._another_model(f"gives vectors of {found} dimensions instead of {expected}")

    def _another_model(self, what: str) -> ModelError:
        return ModelError(
            f"The model server at {self._connection.url} {what}: start it with {self.name}, or"
            " make a new index with mmrag-video ingest --reindex."
        )

    def _find_name(self) -> str:
        listed = self._listed()
        if not listed:
            raise ModelError(
                f"The model server at {self._connection.url} has no model: start it with one."
            )
        wanted = self._address.model or listed[0]
        if wanted not in listed:
            raise ModelError(
                f"The model server at {self._connection.url} has no model {wanted}, but"
                f" {', '.join(listed)}: set {self._address.model_setting} to one that it has."
            )
        return wanted

    def _listed(self) -> list[str]:
        answer = self._connection.get("/v1/models")
        try:
            return [str(model["id"]) for model in answer["data"]]
        except (TypeError, KeyError) as error:
            raise misunderstood(self._connection) from error
