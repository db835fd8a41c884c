"""How a frame lies in a Milvus collection: its fields, and the way there and back."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy as np
from pymilvus import CollectionSchema, DataType, MilvusClient

from mmrag_video.errors import ModelError, StoreError
from mmrag_video.index.frames import StoredFrame
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.models.base import Vector
from mmrag_video.models.matryoshka import prefix
from mmrag_video.video.sampled import KeepReason

Row = Mapping[str, Any]

LARGEST_LOT = 2**53 - 1
"""Lots are spread evenly from 0 to this, the largest of the whole numbers a float holds exactly."""
FRAME_FIELDS = (
    "recording",
    "camera",
    "time",
    "valid_until",
    "reason",
    "wall_start_us",
    "wall_end_us",
    "run",
    "facts",
)
"""What a StoredFrame is read from."""

_LONGEST_TEXT = 1024
"""Bytes of UTF-8: camera names come from folders, whose names have at most 255."""
_LONGEST_FRACTION = 64
_NEVER_STARTS = 2**63 - 1
_NEVER_ENDS = -(2**63)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def collection_schema(identity: IndexIdentity) -> CollectionSchema:
    """The fields of a collection of this identity.

    Times are there twice: in whole microseconds to be compared, and as exact fractions.
    """
    schema = MilvusClient.create_schema(
        auto_id=False, enable_dynamic_field=False, description=identity_text(identity)
    )
    schema.add_field("key", DataType.VARCHAR, is_primary=True, max_length=256)
    schema.add_field("recording", DataType.VARCHAR, max_length=64)
    schema.add_field("camera", DataType.VARCHAR, max_length=_LONGEST_TEXT)
    schema.add_field("time", DataType.VARCHAR, max_length=_LONGEST_FRACTION)
    schema.add_field("valid_until", DataType.VARCHAR, max_length=_LONGEST_FRACTION)
    schema.add_field("reason", DataType.VARCHAR, max_length=32)
    for name in ("time_us", "valid_until_us", "wall_start_us", "wall_end_us", "run", "lot"):
        schema.add_field(name, DataType.INT64)
    schema.add_field("facts", DataType.JSON)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=identity.dimensions)
    if identity.recall_dimensions is not None:
        schema.add_field("prefix", DataType.FLOAT_VECTOR, dim=identity.recall_dimensions)
    return schema


def identity_text(identity: IndexIdentity) -> str:
    """The identity as JSON, to be kept with the collection."""
    return json.dumps(
        {
            "model": identity.model,
            "dimensions": identity.dimensions,
            "details": dict(identity.details),
            "sampler": identity.sampler,
        },
        sort_keys=True,
    )


def identity_from_text(text: str) -> IndexIdentity | None:
    """The way back; None where the text is not an identity."""
    try:
        return IndexIdentity(**json.loads(text))
    except (ValueError, TypeError):
        return None


def row_of(frame: StoredFrame, vector: Vector, identity: IndexIdentity) -> dict[str, Any]:
    """The row of a frame in an index of this identity.

    Raises ModelError for a vector that is not as many finite numbers of unit length: Milvus Lite
    would take NaN without a word. Raises StoreError for a camera name that does not fit.
    """
    _check_vector(vector, identity.dimensions, frame)
    _check_camera(frame)
    recall = identity.recall_dimensions
    return {
        "key": frame.key,
        "recording": frame.recording,
        "camera": frame.camera,
        "time": str(frame.time),
        "valid_until": str(frame.valid_until),
        "reason": frame.reason.value,
        "time_us": floor(frame.time * 1_000_000),
        "valid_until_us": ceil(frame.valid_until * 1_000_000),
        **wall_fields(frame.wall_start, frame.wall_end),
        "run": frame.run,
        "lot": _lot(frame.key),
        "facts": dict(frame.facts),
        "vector": np.asarray(vector, dtype=np.float32),
        **({} if recall is None else {"prefix": prefix(vector, recall)}),
    }


def wall_fields(start: datetime | None, end: datetime | None) -> dict[str, int]:
    """Wall-clock times as they are stored; an unknown one fits no time range."""
    return {
        "wall_start_us": _NEVER_STARTS if start is None else microseconds_since_epoch(start),
        "wall_end_us": _NEVER_ENDS if end is None else microseconds_since_epoch(end),
    }


def frame_of(row: Row) -> StoredFrame:
    """The frame of a row that has FRAME_FIELDS; its wall-clock times are in UTC."""
    return StoredFrame(
        recording=row["recording"],
        camera=row["camera"],
        time=Fraction(row["time"]),
        valid_until=Fraction(row["valid_until"]),
        reason=KeepReason(row["reason"]),
        wall_start=_moment(row["wall_start_us"], _NEVER_STARTS),
        wall_end=_moment(row["wall_end_us"], _NEVER_ENDS),
        run=row["run"],
        facts=row["facts"],
    )


def microseconds_since_epoch(time: datetime) -> int:
    """Exactly: no float comes between."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def _moment(microseconds: int, unknown: int) -> datetime | None:
    return None if microseconds == unknown else _EPOCH + timedelta(microseconds=microseconds)


def _lot(key: str) -> int:
    """A number that is as good as random, and always the same for one key."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) >> 11


def _check_vector(vector: Vector, dimensions: int, frame: StoredFrame) -> None:
    if vector.shape != (dimensions,):
        raise ModelError(
            f"The model gave a vector of shape {vector.shape} for the frame at {frame.time} s; "
            f"this index holds {dimensions} dimensions."
        )
    length = float(np.linalg.norm(vector.astype(np.float64)))
    if not abs(length - 1) < 1e-3:  # written so that NaN fails too
        raise ModelError(
            f"The model gave a vector of length {length:.4g} for the frame at {frame.time} s; "
            "only unit vectors can be stored."
        )


def _check_camera(frame: StoredFrame) -> None:
    try:
        size = len(frame.camera.encode())
    except UnicodeEncodeError as error:
        raise StoreError(
            f"The camera name {frame.camera!r} holds bytes that are not valid text."
        ) from error
    if size > _LONGEST_TEXT:
        raise StoreError(
            f"The camera name {frame.camera[:40]!r}... has {size} bytes; "
            f"at most {_LONGEST_TEXT} can be stored."
        )
