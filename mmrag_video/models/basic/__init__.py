"""The model that works at once: a detector, a tagger and a text model, all on the CPU."""

from mmrag_video.models.base import Model
from mmrag_video.models.cards import ModelCard
from mmrag_video.settings import ModelSettings


def load(settings: ModelSettings, card: ModelCard) -> Model:
    """The basic model. Raises ModelError if its weights are missing or not the right ones."""
    # Imported here, so that naming the model costs nothing.
    import cv2  # noqa: PLC0415

    from mmrag_video.models.basic import weights  # noqa: PLC0415
    from mmrag_video.models.basic.detector import Detector  # noqa: PLC0415
    from mmrag_video.models.basic.embedder import BasicEmbedder  # noqa: PLC0415
    from mmrag_video.models.basic.observer import Observer  # noqa: PLC0415
    from mmrag_video.models.basic.reranker import BasicReranker  # noqa: PLC0415
    from mmrag_video.models.basic.tagger import Tagger  # noqa: PLC0415
    from mmrag_video.models.basic.text import TextModel  # noqa: PLC0415

    if settings.threads:
        cv2.setNumThreads(settings.threads)
    detector = Detector(
        weights.verified(weights.DETECTOR_GRAPH), weights.verified(weights.DETECTOR_LAYOUT)
    )
    tagger = Tagger(
        weights.verified(weights.TAGGER), weights.verified(weights.TAGGER_LABELS), settings.threads
    )
    text = TextModel(weights.verified(weights.TEXT))
    observer = Observer(detector, tagger)
    return Model(BasicEmbedder(observer, text), BasicReranker(observer))
