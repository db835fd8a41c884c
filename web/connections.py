"""Connections to the page: how many are open at a time, and which go when there are too many.

Whoever reaches the port can open connections, without a login. Those that do nothing must not keep
anybody out.
"""

import resource
import socket
from collections.abc import Iterator
from heapq import nsmallest
from typing import Any

import waitress.server
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel

MOST_CONNECTIONS = 4000
"""Open at a time. Each costs the server some microseconds whenever anybody sends anything."""
_FILES_EACH = 2
"""A connection, and the file that is sent over it."""
_FILES_BESIDES = 512
"""For the catalog, the store, child processes and what is being written."""
_FEWEST_CONNECTIONS = 100
"""However few files the system lets a program have open."""
_TAKEN_AT_ONCE = 100
"""Connections. Each look at all that are open takes its time, whether one waits or many."""
_LONGEST_SILENCE = 20.0
"""Seconds within which a new connection has to send the head of a request."""
_LOOKED_EVERY = 5
"""Seconds between two looks at who has sent nothing."""


def most_connections() -> int:
    """How many the system has files for; lets this program open more files where it needs them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_EACH * MOST_CONNECTIONS + _FILES_BESIDES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return MOST_CONNECTIONS
    return max(_FEWEST_CONNECTIONS, (soft - _FILES_BESIDES) // _FILES_EACH)


class Connection(HTTPChannel):
    """A connection, which knows whether it ever was of use."""

    has_asked = False
    """Whether a whole request has come."""

    @property
    def is_silent(self) -> bool:
        """Whether not even the head of a first request has come."""
        has_head = self.request is not None and self.request.headers_finished
        return not self.has_asked and not has_head


class ConnectionServer(waitress.server.TcpWSGIServer):
    """Waitress' server on a socket that is listening. By itself, it would take no connection any
    more as soon as a number of them is open, and leave a silent one open for two minutes.
    """

    channel_class = Connection

    def __init__(
        self,
        application: Any,
        listening: socket.socket,
        connections: dict[int, Any],
        dispatcher: Any,
        **options: Any,
    ) -> None:
        """`connections`: where it keeps them; `options`: waitress' own adjustments."""
        self._connections = connections
        super().__init__(
            application,
            connections,
            _sock=listening,
            dispatcher=dispatcher,
            adj=Adjustments(
                sockets=[listening],
                connection_limit=most_connections(),
                # select() knows no more than 1024 files.
                asyncore_use_poll=True,
                cleanup_interval=_LOOKED_EVERY,
                **options,
            ),
            sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
            bind_socket=False,
        )

    def handle_accept(self) -> None:
        """Take the connections that wait. Where there is no room for more then, close those on
        which nothing has come or gone for longest, but none whose request is being answered:
        browsers open others when they need them.
        """
        for _ in range(_TAKEN_AT_ONCE):
            before = len(self._connections)
            super().handle_accept()
            if len(self._connections) == before:
                break
        # Not until all are taken: a new one could get the number of one that is closed, of which
        # the system has told something already.
        too_many = len(self._connections) - self.adj.connection_limit + 1
        if too_many > 0:
            for one in nsmallest(too_many, self._quiet(), key=lambda one: one.last_activity):
                one.handle_close()

    def add_task(self, task: Any) -> None:
        """Have a connection's request answered."""
        task.has_asked = True
        super().add_task(task)

    def maintenance(self, now: int) -> None:
        """Close what has been idle for long, and what was silent for a little."""
        super().maintenance(now)
        for one in self._quiet():
            if one.is_silent and one.creation_time < now - _LONGEST_SILENCE:
                one.will_close = True

    def _quiet(self) -> Iterator[Connection]:
        """Those of whose requests none is being answered."""
        for one in list(self._connections.values()):
            if isinstance(one, Connection) and not one.requests:
                yield one
