"""Who may ask, and what a browser may do with the answer."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import Forbidden, MisdirectedRequest

from web.api.problems import is_for_api

# Everything the page shows is its own: no inline script or style, no other host.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: that makes browsers send `Origin: null` with our own form.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=()",
}
_PROXY_HEADERS = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Via")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES = frozenset({"same-origin", "none"})
"""Of `Sec-Fetch-Site`; `none` is an address that was typed, or a bookmark."""
V = TypeVar("V", bound=Callable[..., Any])
_FOR_OWN_LINKS: set[Callable[..., Any]] = set()
"""Views that no link on another web site leads to."""


def for_own_links(view: V) -> V:
    """Mark a view that gives something away: only links of this page lead to it."""
    _FOR_OWN_LINKS.add(view)
    return view


def install_security(app: Flask, *, loopback_only: bool) -> None:
    """Check every request, and put the security headers on every answer, errors included."""
    if loopback_only:
        app.before_request(_refuse_foreign_hosts)
        app.before_request(_refuse_proxies)
    app.before_request(_refuse_what_comes_from_elsewhere)
    app.after_request(_add_headers)


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse_foreign_hosts() -> None:
    address = _split(f"//{request.host}")
    if address is None or not is_loopback(address.hostname or ""):
        raise MisdirectedRequest(
            "This page answers only under localhost; open it by the address it was started with."
        )


def _refuse_proxies() -> None:
    """Whoever comes through a proxy does not sit at this machine, though the proxy does."""
    if any(name in request.headers for name in _PROXY_HEADERS):
        raise Forbidden(
            "This page was asked through a proxy, and is for its own machine alone; give the "
            "proxy's address in the setting web.proxy."
        )


def _refuse_what_comes_from_elsewhere() -> None:
    """Another web site must not do anything here with the visitor's browser.

    A link there may lead to a page here. It may not have anything searched for, played or saved
    that nobody looks at: all of that would be noted as done by the visitor.
    """
    # Every browser of these years says so; a program that is no browser is nobody's victim.
    is_from_elsewhere = request.headers.get("Sec-Fetch-Site", "none") not in _OWN_SITES
    if request.method in SAFE_METHODS:
        if is_from_elsewhere and not _follows_a_link():
            raise Forbidden("This was asked for by another web site; open the page itself.")
        return
    if is_from_elsewhere:
        raise Forbidden("This form was sent from another web site.")
    origin = request.headers.get("Origin")
    if origin is None:
        return
    address = _split(origin)
    if address is None or address.netloc.lower() != request.host.lower():
        raise Forbidden("This form was sent from another web site.")


def _follows_a_link() -> bool:
    """Whether the whole window goes to a page, which is not for the page's own links alone."""
    headers = request.headers
    is_navigation = (
        headers.get("Sec-Fetch-Mode") == "navigate" and headers.get("Sec-Fetch-Dest") == "document"
    )
    is_seen = "Sec-Purpose" not in headers  # a browser that fetches what might be opened later
    is_page = not is_for_api() and current_app.view_functions.get(request.endpoint or "") not in (
        _FOR_OWN_LINKS
    )
    return is_navigation and is_seen and is_page


def _split(address: str) -> SplitResult | None:
    """The address in its parts; None if it cannot be one: `http://[`."""
    try:
        return urlsplit(address)
    except ValueError:
        return None


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers[name] = value
    # What was found is for this visitor alone, and may be different the next time.
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return response
