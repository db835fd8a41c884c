"""Who may ask, and what a browser may do with the answer."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import Forbidden, MisdirectedRequest

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


def install_security(app: Flask, *, loopback_only: bool) -> None:
    """Check every request, and put the security headers on every answer, errors included."""
    if loopback_only:
        app.before_request(_refuse_foreign_hosts)
        app.before_request(_refuse_proxies)
    app.before_request(_refuse_foreign_forms)
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


def _refuse_foreign_forms() -> None:
    """Another web site must not post here with the visitor's browser."""
    if request.method in SAFE_METHODS:
        return
    # Every browser of these years says so; a program that is no browser is nobody's victim.
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        raise Forbidden("This form was sent from another web site.")
    origin = request.headers.get("Origin")
    if origin is None:
        return
    address = _split(origin)
    if address is None or address.netloc.lower() != request.host.lower():
        raise Forbidden("This form was sent from another web site.")


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
