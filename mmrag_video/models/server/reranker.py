"""A reranker whose model runs on a server."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from mmrag_video.errors import ModelError, ModelSettingsError
from mmrag_video.models.base import Candidate, Judgement, Query, Reranker
from mmrag_video.models.cards import ModelCard
from mmrag_video.models.server.pictures import picture_file
from mmrag_video.models.server.protocol import Content
from mmrag_video.models.server.self_test import check_reranking
from mmrag_video.models.server.served import Address, ServedModel
from mmrag_video.settings import ModelSettings

_REQUESTS = 2
"""Under way at a time: one is computed while the pictures of the next are packed."""


def load(settings: ModelSettings, card: ModelCard) -> Reranker:
    """The reranker at `model.server.reranker_url`. Raises ModelError if that is unset."""
    if settings.server.reranker_url is None:
        raise ModelSettingsError(
            f"The reranker {card.name} needs model.server.reranker_url: the address of a server"
            " that reranks, such as http://127.0.0.1:8001."
        )
    return ServerReranker(settings, settings.server.reranker_url)


class ServerReranker:
    """Asks about `model.batch` candidates at a time.

    The server is looked for when it is first needed and not before: an ingest reranks nothing, and
    should not fail because nobody does.
    """

    looks_at_pictures = True

    def __init__(self, settings: ModelSettings, url: str) -> None:
        self._settings = settings
        self._address = Address(
            url,
            settings.server.reranker_model,
            "model.server.reranker_url",
            "model.server.reranker_model",
        )
        self._opening = threading.Lock()
        self._served: ServedModel | None = None

    def judge(self, query: Query, candidates: Sequence[Candidate]) -> list[Judgement]:
        """One judgement per candidate, in order, without a why: the model says yes or no.

        Raises ModelError if the server does not answer or fails its self-test.
        """
        if query.text is None and query.image is None:
            raise ModelError("A query needs words, a picture, or both.")
        if not candidates:
            return []
        served = self._opened()
        served.check_name()
        tokens, batch = self._settings.frame_tokens, self._settings.batch
        picture = None if query.image is None else picture_file(query.image, tokens)
        asked = Content(query.text, picture)

        def scores(start: int) -> list[float]:
            documents = [
                Content(picture=picture_file(candidate.image(), tokens))
                for candidate in candidates[start : start + batch]
            ]
            return served.scores(asked, documents)

        with ThreadPoolExecutor(_REQUESTS) as requests:
            groups = list(requests.map(scores, range(0, len(candidates), batch)))
        return [Judgement(score, why="") for group in groups for score in group]

    def close(self) -> None:
        """Let go of the connections, if there are any."""
        with self._opening:
            if self._served is not None:
                self._served.close()

    def _opened(self) -> ServedModel:
        """The server, once it has passed; one that failed is asked again the next time."""
        with self._opening:
            if self._served is None:
                served = ServedModel(self._address, self._settings.server)
                check_reranking(served)
                self._served = served
            return self._served
