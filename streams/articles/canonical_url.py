"""One spelling for one address: what two feeds, or two polls, call the same page."""

import re
from urllib.parse import SplitResult, quote, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
# Only names that no site uses to choose a page: `ref`, `source` and `id` stay, since some do.
_TRACKING = re.compile(
    r"(?:utm_\w+|at_(?:medium|campaign|custom\d|format|link_\w+|bbc_team|ptr_name|ptr_type)|mc_[ce]id|ns_\w+|pk_\w+|mtm_\w+"
    r"|fbclid|gclid|gclsrc|dclid|msclkid|yclid|twclid|igshid|wbraid|gbraid|xtor|ocid|cmpid|ncid|smid|_ga|__source"
    r"|traffic_source|ref_src|guccounter|guce_\w+|syndication-feed)\Z",
    re.IGNORECASE,
)
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SAFE = "!$%&'()*+,/:;=?@[]|"  # quoted already, or allowed where they stand
_WHITE = " \t\r\n\f"


def canonical_url(url: str) -> str:
    """Return the URL in its one spelling; one that can't be read is returned as it is.

    Scheme and host in lower case, no default port, user or fragment, no dot segments, escapes in their shortest form,
    tracking parameters dropped, the order of the others kept. Applied twice it changes nothing.
    """
    given = url.strip(_WHITE)
    try:
        parts = urlsplit(given)
        return _respelled(parts) if parts.hostname else given
    except ValueError:
        return given


def _respelled(parts: SplitResult) -> str:
    query = "&".join(pair for pair in parts.query.split("&") if pair and not _TRACKING.match(pair.partition("=")[0]))
    path = _without_dots(_escapes(parts.path)) or "/"
    return f"{parts.scheme}://{_place(parts)}{path}" + (f"?{_escapes(query)}" if query else "")


def _place(parts: SplitResult) -> str:
    """Return host and port; a port that is no number raises ValueError."""
    host = (parts.hostname or "").rstrip(".")
    if ":" in host:
        host = f"[{host}]"
    usual = parts.port is None or parts.port == DEFAULT_PORTS.get(parts.scheme)
    return host if usual else f"{host}:{parts.port}"


def _escapes(text: str) -> str:
    """Return the text with upper-case escapes, for the characters that need them and no others (RFC 3986, 6.2.2)."""

    def shortest(found: re.Match[str]) -> str:
        character = chr(int(found[1], 16))
        return character if character in _UNRESERVED else f"%{found[1].upper()}"

    return quote(_ESCAPE.sub(shortest, text), safe=_SAFE)


def _without_dots(path: str) -> str:
    """Return the path without `.` and `..` segments (RFC 3986, 5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)
