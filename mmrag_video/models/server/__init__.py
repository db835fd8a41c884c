"""Models that run on a server of one's own, and are asked over HTTP: vLLM's or llama.cpp's."""

from mmrag_video.errors import ModelSettingsError
from mmrag_video.models.base import Model
from mmrag_video.models.cards import ModelCard
from mmrag_video.models.server.embedder import ServerEmbedder
from mmrag_video.models.server.reranker import ServerReranker
from mmrag_video.models.server.served import Address, ServedModel
from mmrag_video.settings import ModelSettings


def load(settings: ModelSettings, card: ModelCard) -> Model:
    """The model at `model.server.url`, with the reranker at `model.server.reranker_url` if any.

    Raises ModelError if the address is unset, the server does not answer, or its vectors fail the
    self-test.
    """
    server = settings.server
    if server.url is None:
        raise ModelSettingsError(
            f"The model {card.name} needs model.server.url: the address of a server that embeds,"
            " such as http://127.0.0.1:8000."
        )
    address = Address(server.url, server.model, "model.server.url", "model.server.model")
    embedder = ServerEmbedder(card.name, ServedModel(address, server), settings)
    if server.reranker_url is None:
        return Model(embedder, reranker=None)
    return Model(embedder, ServerReranker(settings, server.reranker_url))
