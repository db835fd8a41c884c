"""Search inside surveillance recordings by describing what happened."""

__version__ = "0.1.0"
