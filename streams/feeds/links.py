"""Links that may be followed or shown: http and https only."""

from urllib.parse import urljoin, urlsplit

LONGEST_LINK = 4_000


def web_link(link: str) -> str:
    """Return the link when it is an absolute http or https URL of bearable length, else an empty string."""
    try:
        parts = urlsplit(link)
        fit = parts.scheme in {"http", "https"} and bool(parts.hostname) and len(link) <= LONGEST_LINK
    except ValueError:
        return ""
    return link if fit else ""


def absolute_link(base: str, link: str) -> str:
    """Return the link as seen from its document, or an empty string when it leads nowhere that we follow."""
    if not link:
        return ""
    try:
        return web_link(urljoin(base, link.strip()))
    except ValueError:
        return ""
