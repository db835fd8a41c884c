"""Pictures that were read with some effort a moment ago, in memory."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

_KEPT = 32


class RecentPictures:
    """JPEGs under names of the caller's; the longest unused go first."""

    def __init__(self) -> None:
        self._jpegs: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def remembered(self, name: str, read: Callable[[], bytes]) -> bytes:
        """The picture of this name; read where it is not kept."""
        with self._lock:
            kept = self._jpegs.get(name)
        jpeg = kept if kept is not None else read()
        with self._lock:
            self._jpegs[name] = jpeg
            self._jpegs.move_to_end(name)
            if len(self._jpegs) > _KEPT:
                self._jpegs.popitem(last=False)
        return jpeg
