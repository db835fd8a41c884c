"""SigLIP's words as a tokenizer.json.

SigLIP is published with a SentencePiece model and rules in Python around it, which transformers
carries out. The tokenizers library can do the same by itself, and needs neither.
"""

import string
from pathlib import Path


def siglip_tokenizer_json(file: Path, lower_case: bool) -> str:
    """The content of a tokenizer.json for a `spiece.model`.

    Raises ValueError where the model is not the kind that SigLIP has.
    """
    from sentencepiece import sentencepiece_model_pb2  # noqa: PLC0415
    from tokenizers import Regex, Tokenizer, models, normalizers, processors  # noqa: PLC0415

    published = sentencepiece_model_pb2.ModelProto()
    published.ParseFromString(file.read_bytes())
    unigram = published.trainer_spec.UNIGRAM
    if published.trainer_spec.model_type != unigram or published.trainer_spec.byte_fallback:
        raise ValueError(f"{file.name} is no unigram model without byte fallback")
    pieces = [(piece.piece, piece.score) for piece in published.pieces]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=published.trainer_spec.unk_id))
    punctuation = "".join(f"\\{sign}" for sign in string.punctuation)
    charsmap = published.normalizer_spec.precompiled_charsmap
    tokenizer.normalizer = normalizers.Sequence(
        [
            *([normalizers.Lowercase()] if lower_case else []),
            normalizers.Replace(Regex(f"[{punctuation}]"), ""),
            *([normalizers.Precompiled(charsmap)] if charsmap else []),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
            normalizers.Prepend("▁"),
            normalizers.Replace(" ", "▁"),
        ]
    )
    end = published.trainer_spec.eos_id
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", end)]
    )
    return str(tokenizer.to_str())
