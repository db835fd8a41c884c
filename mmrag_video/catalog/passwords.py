"""Passwords: which are taken, how they are kept, and whether one is right."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mmrag_video.errors import UsageError

LEAST_CHARACTERS = 12
"""NIST SP 800-63B asks for length and against rules of composition; 12 is between its 8, for a
password beside another factor, and its 15, for one alone.
"""
MOST_CHARACTERS = 1000
"""Nobody types more, and what is longer only costs time."""
# Argon2id with the parameters of RFC 9106's second choice: 64 MiB, 3 passes, 4 lanes.
_HASHER = PasswordHasher()


def hash_of(password: str) -> str:
    """What is kept of it: an Argon2 hash with its parameters. Raises UsageError if it is short."""
    if len(password) < LEAST_CHARACTERS:
        raise UsageError(
            f"The password has {len(password)} characters; please take at least {LEAST_CHARACTERS}."
        )
    if len(password) > MOST_CHARACTERS:
        raise UsageError(f"The password is longer than {MOST_CHARACTERS} characters.")
    return _HASHER.hash(password.encode(errors="replace"))


def is_right(password: str, kept: str | None) -> bool:
    """Whether a password is the one whose hash was kept.

    None, for a user that there is not, takes as long as a wrong password, so that nobody learns
    from the time which names there are.
    """
    try:
        _HASHER.verify(kept or _nobodys(), password[:MOST_CHARACTERS].encode(errors="replace"))
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether it was hashed with other parameters than passwords are now."""
    return _HASHER.check_needs_rehash(kept)


@cache
def _nobodys() -> str:
    """The hash of a password that opens nothing."""
    return _HASHER.hash("x" * LEAST_CHARACTERS)
