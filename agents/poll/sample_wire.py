"""The sample wire: a small HTTP server with labelled samples, so that a machine without internet shows real alerts."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape

from aiohttp import web

from agents.poll.sample_texts import ARTICLES, NOTE, SampleArticle, figures
from streams.feeds.feed import Feed, FeedStatus, Gap
from streams.ids import FeedId

HOST = "127.0.0.1"
GAP_S = 2.0
PERMISSION = "sample"
MANAGED_BY = "sample"


@dataclass(frozen=True, slots=True)
class Paper:
    """A publisher that does not exist; its name says so wherever it shows."""

    name: str
    file: str
    publisher: str
    language: str


PAPERS = (
    Paper("harbour", "harbour.rss", "Harbour Wire (SAMPLE)", "en"),
    Paper("lantern", "lantern.rss", "灯塔样报 (SAMPLE)", "zh-Hans"),
    Paper("hangang", "hangang.atom", "한강견본 (SAMPLE)", "ko"),
    Paper("minato", "minato.json", "みなと見本新聞 (SAMPLE)", "ja"),
    Paper("speicher", "speicher.atom", "Speicherstadt-Muster (SAMPLE)", "de"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleItem:
    """A sample article as it is served: figures filled in, dated."""

    guid: str
    link: str
    title: str
    lead: str
    body: str
    published_at: datetime
    updated_at: datetime


def feeds(address: str, *, start: str = "") -> list[Feed]:
    """Return the wire's feeds at `host:port`; `start` names the server's start, so that no old failure counts."""
    return [
        Feed(
            feed_id=FeedId(f"sample-{paper.name}"),
            url=f"http://{HOST}/{paper.file}",
            fetch_url=f"http://{address}/{start or 'now'}/{paper.file}",
            publisher=paper.publisher,
            language=paper.language,
            permission=PERMISSION,
            status=FeedStatus.VERIFIED,
            gap=Gap(min_s=GAP_S, max_s=GAP_S),
            managed_by=MANAGED_BY,
            sample=True,
        )
        for paper in PAPERS
    ]


class SampleWire:
    """Serves the samples on a free port of 127.0.0.1: the first at once, the others within a minute.

    The minute begins with the first request, so that a slow start of everything else takes nothing from it.
    """

    def __init__(self, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC), port: int = 0) -> None:
        self._clock = clock
        self._port = port
        self.started_at = clock().replace(microsecond=0)
        self.start_name = f"{int(self.started_at.timestamp()):x}"
        self._asked_at: datetime | None = None
        self.address = ""
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Start serving; return `host:port`, which the poller's guard must be told to allow."""
        app = web.Application()
        app.router.add_get("/{start}/{file}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self._port).start()
        self.address = f"{HOST}:{self._runner.addresses[0][1]}"
        return self.address

    async def stop(self) -> None:
        """Stop serving; may be called twice."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def feeds(self) -> list[Feed]:
        """Return the feeds to publish for this start."""
        return feeds(self.address, start=self.start_name)

    async def _serve(self, request: web.Request) -> web.Response:
        paper = next((paper for paper in PAPERS if paper.file == request.match_info["file"]), None)
        if paper is None:
            return web.Response(status=404)
        if self._asked_at is None:
            self._asked_at = self._clock().replace(microsecond=0)
        out = released(self._asked_at, self._clock())
        items = self._items(paper, out, self._asked_at)
        etag = f'"{self.start_name}-{sum(out)}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        content_type, body = FORMATS[paper.file.rpartition(".")[2]](paper, items)
        return web.Response(body=body.encode(), content_type=content_type, charset="utf-8", headers={"ETag": etag})

    def _items(self, paper: Paper, out: Sequence[bool], begun_at: datetime) -> list[SampleItem]:
        """Return what a paper has published by now, newest first; an edited item stands once, as edited."""
        served: dict[str, SampleItem] = {}
        for article, is_out in zip(ARTICLES, out, strict=True):
            if is_out and article.feed == paper.name:
                moment = begun_at + timedelta(seconds=article.after_s)
                served[article.guid] = self._item(article, paper, moment, served.get(article.guid))
        return sorted(served.values(), key=lambda item: item.published_at, reverse=True)

    def _item(self, article: SampleArticle, paper: Paper, moment: datetime, before: SampleItem | None) -> SampleItem:
        figure = figures(self.started_at)
        return SampleItem(
            guid=f"sample-{self.start_name}-{article.guid}",
            link=f"http://sample.invalid/{paper.name}/{self.start_name}/{article.guid}",
            title=article.title.format(**figure),
            lead=article.lead.format(**figure),
            body=f"{article.body.format(**figure)}\n{NOTE[paper.language]}",
            published_at=before.published_at if before else moment,
            updated_at=moment,
        )


def released(begun_at: datetime, now: datetime) -> list[bool]:
    """Return, for each article, whether it is out by now."""
    return [now >= begun_at + timedelta(seconds=article.after_s) for article in ARTICLES]


def _paragraphs(item: SampleItem) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in item.body.split("\n"))


def _rss(paper: Paper, items: Sequence[SampleItem]) -> tuple[str, str]:
    written = "".join(
        f'<item><guid isPermaLink="false">{item.guid}</guid><title>{escape(item.title)}</title><link>{item.link}</link>'
        f"<description>{escape(item.lead)}</description><content:encoded><![CDATA[{_paragraphs(item)}]]></content:encoded>"
        f"<pubDate>{format_datetime(item.published_at)}</pubDate></item>\n"
        for item in items
    )
    return "application/rss+xml", (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>{escape(paper.publisher)}</title><link>http://sample.invalid/{paper.name}</link>"
        f"<description>SAMPLE</description><language>{paper.language}</language>\n{written}</channel></rss>"
    )


def _atom(paper: Paper, items: Sequence[SampleItem]) -> tuple[str, str]:
    written = "".join(
        f'<entry><id>urn:{item.guid}</id><title>{escape(item.title)}</title><link href="{item.link}"/>'
        f'<summary>{escape(item.lead)}</summary><content type="html">{escape(_paragraphs(item))}</content>'
        f"<published>{item.published_at.isoformat()}</published><updated>{item.updated_at.isoformat()}</updated></entry>\n"
        for item in items
    )
    return "application/atom+xml", (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{paper.language}"><id>urn:sample:{paper.name}</id>'
        f"<title>{escape(paper.publisher)}</title>\n{written}</feed>"
    )


def _json(paper: Paper, items: Sequence[SampleItem]) -> tuple[str, str]:
    written = [
        {
            "id": item.guid,
            "url": item.link,
            "title": item.title,
            "summary": item.lead,
            "content_html": _paragraphs(item),
            "date_published": item.published_at.isoformat(),
            "date_modified": item.updated_at.isoformat(),
        }
        for item in items
    ]
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": paper.publisher,
        "language": paper.language,
        "items": written,
    }
    return "application/feed+json", json.dumps(document, ensure_ascii=False)


FORMATS: dict[str, Callable[[Paper, Sequence[SampleItem]], tuple[str, str]]] = {
    "rss": _rss,
    "atom": _atom,
    "json": _json,
}
