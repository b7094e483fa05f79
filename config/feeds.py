"""feeds.yaml: the feeds, and the poller's own settings that stand above them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from config.node import Fields, Node
from config.yaml_source import load_file
from streams.errors import ConfigurationError
from streams.feeds.feed import Feed, FeedStatus, Gap
from streams.ids import FeedId

FILE = "feeds.yaml"
ROOT_KEYS = ("version", "contact", "requests_per_second", "allow_addresses", "feeds")
FEED_KEYS = (
    "id", "url", "publisher", "language", "tier", "permission", "status", "reason", "gap", "secret_file", "secret_env",
)  # fmt: skip
TIERS: Mapping[str, Literal[1, 2, 3]] = {"1": 1, "2": 2, "3": 3}
NEEDS_CONTACT = "sec.gov"  # answers 403 to a client that names no contact
MOST_PORT = 65_535
LEAST_GAP_S = 1.0
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFile:
    """What feeds.yaml holds. The first three are process settings; None where the file doesn't say."""

    contact: str | None = None
    requests_per_second: float | None = None
    allow_addresses: tuple[str, ...] | None = None
    feeds: tuple[Feed, ...] = ()


def load_feeds(folder: Path, *, managed_by: str = "files", contact: str | None = None) -> FeedFile:
    """Return the feeds of the folder, or the shipped ones. `contact` is the process setting, if there is one.

    Raises: ConfigurationError with every problem of the file.
    """
    root = load_file(folder, FILE)
    found = read_feeds(root, managed_by=managed_by, contact=contact)
    if problems := root.source.report():
        raise ConfigurationError(*problems)
    return found


def read_feeds(root: Node, *, managed_by: str = "files", contact: str | None = None) -> FeedFile:
    """Return what the tree holds; its problems are added to `root.source`."""
    fields = root.fields(ROOT_KEYS, required=("version", "feeds"))
    fields["version"].one_of(("1",), "1")
    named = fields["contact"].text(None)
    feeds: dict[str, Feed] = {}
    urls: dict[str, str] = {}
    for item in fields["feeds"].items():
        feed = _feed(item, managed_by=managed_by, contact=contact or named)
        _refuse_repeats(item, feed, feeds, urls)
        feeds.setdefault(feed.feed_id, feed)
    budget = fields["requests_per_second"]
    addresses = fields["allow_addresses"]
    return FeedFile(
        contact=named,
        requests_per_second=None if budget.absent else budget.number(10.0, least=0.01, most=10_000),
        allow_addresses=None if addresses.absent else tuple(_address(item) for item in addresses.items()),
        feeds=tuple(feeds.values()),
    )


def _feed(item: Node, *, managed_by: str, contact: str | None) -> Feed:
    fields = item.entry("feed", FEED_KEYS, required=("id", "url", "publisher"))
    url = _url(fields["url"])
    status = fields["status"].choice(FeedStatus, FeedStatus.UNVERIFIED)
    reason = fields["reason"].text(None)
    if status is FeedStatus.DISABLED and not reason:
        fields["status"].refuse("a disabled feed needs a reason: say in a sentence why")
    if status is not FeedStatus.DISABLED and not contact and _host(url).endswith(NEEDS_CONTACT):
        fields["url"].refuse("sec.gov refuses clients without a contact: set contact: in this file, or TOCSIN_CONTACT")
    return Feed(
        feed_id=FeedId(fields["id"].ident()),
        url=url,
        fetch_url=url,
        publisher=fields["publisher"].text(""),
        language=_language(fields["language"]),
        tier=TIERS[fields["tier"].one_of(tuple(TIERS), "2")],
        permission=fields["permission"].ident("public"),
        status=status,
        reason=reason,
        gap=_gap(fields["gap"]),
        managed_by=managed_by,
        secret_ref=_secret(fields),
    )


def _url(node: Node) -> str:
    url = node.text("")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        node.refuse("not a URL: is the port or a bracket wrong?")
        return ""
    if url and (parts.scheme not in ("http", "https") or not host):
        node.refuse("needs an address that begins with https:// or http://")
    elif parts.username or parts.password:
        node.refuse("credentials never stand in a URL: put user:password into a file and name it with secret_file")
        return ""
    elif re.search(r"[\s<>\[\]{}|\\^`]", url.partition("//")[2].partition("/")[2]):
        node.refuse("holds a character that URLs encode: write [ as %5B, ] as %5D and a blank as %20")
    return url


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _language(node: Node) -> str | None:
    found = node.text(None)
    if found is not None and not _LANGUAGE.fullmatch(found):
        node.refuse(f'"{found}" is no language code: write en, zh, zh-Hant or pt-BR')
    return found


def _gap(node: Node) -> Gap:
    fields = node.fields(("min", "max"))
    gap = Gap(min_s=fields["min"].duration_s(None), max_s=fields["max"].duration_s(None))
    if any(bound is not None and bound < LEAST_GAP_S for bound in (gap.min_s, gap.max_s)):
        node.refuse(f"shorter than {LEAST_GAP_S:g}s: no publisher takes that for a visit")
    if gap.min_s is not None and gap.max_s is not None and gap.min_s > gap.max_s:
        node.refuse("min is longer than max")
    return gap


def _secret(fields: Fields) -> str | None:
    file, variable = fields["secret_file"].text(None), fields["secret_env"].text(None)
    if file and variable:
        fields["secret_env"].refuse("give secret_file or secret_env, not both")
    if file:
        return f"file:{file}"
    return f"env:{variable}" if variable else None


def _address(node: Node) -> str:
    found = node.text("")
    host, _, port = found.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) <= MOST_PORT:
        node.refuse(f'"{found}" is no address: write host:port, such as 127.0.0.1:8099')
    return found


def _refuse_repeats(item: Node, feed: Feed, feeds: dict[str, Feed], urls: dict[str, str]) -> None:
    item = item.named(f'feed "{feed.feed_id}"')
    if feed.feed_id in feeds:
        item.refuse("another feed has this id: give each its own")
    elif feed.url and urls.setdefault(feed.url, feed.feed_id) != feed.feed_id:
        item.refuse(f'polls the same URL as feed "{urls[feed.url]}": take one of them out')
