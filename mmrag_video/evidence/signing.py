"""Ed25519 signatures (RFC 8032) of manifests; the keys are PEM files, as OpenSSL makes them."""

import hashlib
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from mmrag_video.errors import UsageError

_MAKE = "make one with openssl genpkey -algorithm ed25519 -out key.pem"
_WRITE_PUBLIC = "openssl pkey -in key.pem -pubout -out key.pub writes it"


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """The key in a PEM file without a passphrase. Raises UsageError if there is none in it."""
    try:
        key = load_pem_private_key(_content(path), password=None)
    except TypeError as error:
        raise UsageError(
            f"The key {path} is protected by a passphrase; give one that is not: {_MAKE}."
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{path} holds no private key in PEM; {_MAKE}.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"The key {path} is not an Ed25519 key; {_MAKE}.")
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """The key in a PEM file. Raises UsageError if there is none in it."""
    key = parse_public_key(_content(path))
    if key is None:
        raise UsageError(f"{path} holds no public Ed25519 key in PEM; {_WRITE_PUBLIC}.")
    return key


def parse_public_key(content: bytes) -> Ed25519PublicKey | None:
    """The key that a PEM file's content is; None if it is none."""
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, Ed25519PublicKey) else None


def pem_of(key: Ed25519PublicKey) -> bytes:
    """The key as a PEM file."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of the 32 bytes of the key, 64 hex digits."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


def is_signed_by(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    """Whether the key's owner signed this."""
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"The key {path} cannot be read: {error.strerror}.") from error
