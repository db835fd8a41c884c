"""How often somebody may try to log in: per address, and per name.

Kept in memory: there is one process, what is tried in it must not fill the disk, and who guesses
cannot start it anew.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from threading import Lock

WINDOW = 15 * 60.0
"""Seconds for which a failure counts."""
FROM_ADDRESS = 10
"""Failures from one address in a window; then it has to wait for the first of them to pass."""
FOR_NAME = 10
"""Failures for one name in a window, from wherever; then strangers may try it only so often:"""
NAME_PAUSE = 30.0
"""Seconds. No longer: a stranger must not lock somebody out. Where the user has logged in from
before, only what went wrong there counts."""
_REMEMBERED = 10_000
"""Failures, the newest."""
_LONGEST_NAME = 64
"""Characters that are kept of a name. No user has a longer one."""


@dataclass(frozen=True)
class _Failure:
    at: float
    name: str
    address: str


class Attempts:
    """The attempts that failed lately. Threads may use it together."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._failures: deque[_Failure] = deque(maxlen=_REMEMBERED)
        self._lock = Lock()

    def begin(self, name: str, address: str, is_known: Callable[[], bool]) -> int:
        """Count an attempt as one that failed; `succeeded` takes that back.

        Returns the seconds to wait instead, if it must not be made now; then it does not count.
        `is_known`: whether the user has logged in from this address before.
        """
        name, network = name[:_LONGEST_NAME], network_of(address)
        with self._lock:
            now = self._now()
            wait = self._address_wait(network, now)
            name_wait = self._name_wait(name, now)
        if name_wait > wait and not is_known():
            wait = name_wait
        if wait > 0:
            return math.ceil(wait)
        with self._lock:
            self._failures.append(_Failure(self._now(), name, network))
        return 0

    def succeeded(self, name: str, address: str) -> None:
        """Whoever tried was right: what they got wrong before no longer counts."""
        name, network = name[:_LONGEST_NAME], network_of(address)
        with self._lock:
            kept = [one for one in self._failures if (one.name, one.address) != (name, network)]
            self._failures.clear()
            self._failures.extend(kept)

    def _address_wait(self, network: str, now: float) -> float:
        failures = [one.at for one in self._lately(now) if one.address == network]
        if len(failures) < FROM_ADDRESS:
            return 0.0
        return failures[-FROM_ADDRESS] + WINDOW - now

    def _name_wait(self, name: str, now: float) -> float:
        failures = [one.at for one in self._lately(now) if one.name == name]
        return failures[-1] + NAME_PAUSE - now if len(failures) >= FOR_NAME else 0.0

    def _lately(self, now: float) -> Iterator[_Failure]:
        return (one for one in self._failures if one.at > now - WINDOW)


def network_of(address: str) -> str:
    """What counts as one address: of IPv6 the first 64 bits, as one machine has all the others."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> 64 << 64))
