"""How many of the machine's processors a model may use."""

import os


def worker_count(threads: int) -> int:
    """The setting `model.threads`; where that is 0, all that this process may run on."""
    if threads:
        return threads
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
