"""Talking to Milvus: a quiet connection, and its errors as sentences."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import grpc  # type: ignore[import-untyped]
from pymilvus import MilvusClient, MilvusException
from pymilvus.exceptions import ConnectError, MilvusUnavailableException

from mmrag_video.errors import StoreError

# pymilvus prints every failed call with its traceback, although it raises it too.
for _name in ("pymilvus", "pymilvus.milvus_client"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)

_CONNECT_SECONDS = 10.0
_PATIENT_PINGS = {"grpc.keepalive_time_ms": 330_000, "grpc.keepalive_permit_without_calls": False}
"""pymilvus pings every 10 s; a server that allows one in 5 min, as Milvus Lite's, hangs up then."""
_UNREACHABLE = re.compile(r"Fail connecting|server unavailable|UNAVAILABLE|Connection refused")
_FULL = re.compile(r"No space left|disk.*full|ENOSPC|quota", re.IGNORECASE)
_REFUSED = re.compile(r"auth|permission|UNAUTHENTICATED", re.IGNORECASE)


def connect(uri: str, token: str | None) -> MilvusClient:
    """A client of its own connection. Raises StoreError if nothing answers there."""
    with in_words(uri):
        return MilvusClient(
            uri=uri,
            token=token or "",
            timeout=_CONNECT_SECONDS,
            dedicated=True,
            grpc_options=_PATIENT_PINGS,
        )


@contextmanager
def in_words(uri: str) -> Iterator[None]:
    """Turn what pymilvus raises into a StoreError of one sentence."""
    try:
        yield
    except (MilvusException, grpc.RpcError, grpc.FutureTimeoutError) as error:
        raise StoreError(_sentence(uri, error)) from error


def _sentence(uri: str, error: Exception) -> str:
    message = " ".join(str(getattr(error, "message", "") or error).split())
    lost = isinstance(error, ConnectError | MilvusUnavailableException)
    if lost or _UNREACHABLE.search(message):
        return f"The frame store at {uri} cannot be reached; start it again, or check store.uri."
    if _FULL.search(message):
        return f"The frame store at {uri} cannot write: its disk is full; make room and go on."
    if _REFUSED.search(message):
        return f"The frame store at {uri} refused the login; check store.token."
    return f"The frame store at {uri} refused a request: {message[:300]}."
