"""Addresses that lead back into the page, and nowhere else."""

from urllib.parse import urlsplit


def own_path(text: str) -> str | None:
    """The path, if a browser that is sent there stays on this page; else None.

    Browsers read a backslash as a slash, leave tabs and line breaks out, and take what begins with
    two slashes for another host (WHATWG URL, 4.4).
    """
    if not text.startswith("/") or text[1:2] in ("/", "\\") or len(text) > 2000:
        return None
    if "\\" in text or not text.isprintable():
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return None if parts.scheme or parts.netloc else text
