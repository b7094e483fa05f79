"""The golden page: wrapped as an RSS item dated now, it must alert, at the desk, at Slack and at the webhook."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import pytest

from agents.broker.server import Broker
from streams import topics
from streams.alerts.alert import DeskAlert
from streams.articles.article import Article
from streams.topics import desk_topic
from tests.fakes import Answer, FeedItem, FeedOrigin, rss
from tests.support.account import Reader
from tests.support.children import ROLES, Children
from tests.support.data import shared_data
from tests.support.slack_emulator import TOKEN, SlackEmulator
from tests.support.webhook_sink import WebhookSink

pytestmark = [pytest.mark.kafka, pytest.mark.corpus]
EXPECTED = {"tariffs", "rare-earths", "trump-xi-summit"}
PLANTED = "Tariffs on rare earths: Trump and Xi plan a summit"
ROUTES = """\
version: 1
receivers:
  chat: {{type: slack, token_env: TEST_SLACK_TOKEN, channel: C0DESK, api_url: '{slack}', allow_insecure: true}}
  hook: {{type: webhook, url_env: TEST_HOOK_URL, allow_insecure: true, sign: {{keys_env: TEST_HOOK_KEYS}}}}
desks:
  fx-desk: {{permissions: [public], zone: Asia/Kuala_Lumpur}}
route:
  desk: fx-desk
  routes:
    - matchers: ['topic="trade"']
      receivers: [chat, hook]
"""
KEY = "whsec_dGhlIGtleSBvZiB0aGUgdGVzdCwgMzIgYnl0ZXM="


def planted(page: str) -> str:
    """Return the page with rule words in its navigation and under RELATED ARTICLES."""
    head, _, rest = page.partition("\n")
    before, _, after = rest.partition("RELATED ARTICLES")
    return f"{head}\n{PLANTED}\n\n{before}RELATED ARTICLES\n\n{PLANTED}\n\n{after}"


def as_paragraphs(page: str) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in page.splitlines() if line.strip())


def as_plain(page: str) -> str:
    return page


@pytest.fixture
async def slack() -> AsyncIterator[SlackEmulator]:
    async with SlackEmulator() as emulator:
        yield emulator


@pytest.fixture
async def hook() -> AsyncIterator[WebhookSink]:
    async with WebhookSink(keys=(b"the key of the test, 32 bytes",)) as sink:
        yield sink


@pytest.fixture
async def origin() -> AsyncIterator[FeedOrigin]:
    async with FeedOrigin() as served:
        yield served


@pytest.fixture
def children(
    tmp_path: Path, broker: Broker, topic_prefix: str, slack: SlackEmulator, hook: WebhookSink, origin: FeedOrigin
) -> AsyncIterator[Children]:
    told = {
        "TOCSIN_ALLOW_ADDRESSES": ",".join([origin.address, *slack.allow, *hook.allow]),
        "TEST_SLACK_TOKEN": TOKEN,
        "TEST_HOOK_URL": hook.url(),
        "TEST_HOOK_KEYS": KEY,
    }
    url = origin.url("/feed")
    feed = f"{{id: page, url: '{url}', publisher: Page, tier: 1, permission: public, gap: {{min: 1s, max: 1s}}}}"
    (tmp_path / "feeds.yaml").write_text(f"version: 1\nfeeds:\n  - {feed}\n")
    (tmp_path / "routes.yaml").write_text(ROUTES.format(slack=slack.api_url))
    made = Children(tmp_path, broker.bootstrap, topic_prefix, told)
    yield made
    made.stop()


@pytest.mark.parametrize("form", [as_paragraphs, as_plain], ids=["paragraphs", "plain"])
async def test_the_page_alerts_with_right_spans_and_its_boilerplate_does_not(
    form: Callable[[str], str], children: Children, slack: SlackEmulator, hook: WebhookSink, origin: FeedOrigin
) -> None:
    page = planted(next(shared_data("seed").glob("*.txt")).read_text(encoding="utf-8"))
    title = next(line for line in page.splitlines() if line.startswith("What’s at stake"))
    item = FeedItem("page", escape(title), escape(form(page)), published=datetime.now(UTC))
    origin.script("/feed", Answer(rss([item])))
    await asyncio.to_thread(children.apply)
    for role in ROLES:
        children.start(role)
    async with asyncio.timeout(60):
        while not (hook.received and slack.channels["C0DESK"]):  # noqa: ASYNC110 - a test watches from outside
            await asyncio.sleep(0.1)
    reader = Reader(children.bootstrap, children.prefix)
    alerts = [DeskAlert.from_json(value) for value in await reader.values(desk_topic("fx-desk"))]
    told = [alert for alert in alerts if alert.rules]
    articles = [Article.from_json(value) for value in await reader.values(topics.ARTICLES)]
    article = next(one for one in articles if one.title == title)
    assert {rule.rule_id for alert in told for rule in alert.rules} >= EXPECTED
    for span in (span for alert in told for span in alert.spans):
        assert getattr(article, span.field)[span.start : span.end] == span.surface
    text = article.lead + article.body
    assert PLANTED not in text
    assert "RELATED ARTICLES" not in text
    assert "HomeBusiness" not in text
    assert hook.received[0].event["data"]["head"]["title"] == title
    assert "at stake" in str(slack.channels["C0DESK"][0])
