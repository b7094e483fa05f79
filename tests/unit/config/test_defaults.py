from pathlib import Path

from config.feeds import load_feeds
from config.routes import load_routes
from config.rules import load_rules
from streams.feeds.feed import FeedStatus
from streams.ids import DeskId
from streams.routing.tree import walk

NOWHERE = Path("/nonexistent")


def test_the_shipped_feeds_are_right_and_each_disabled_one_says_why() -> None:
    feeds = load_feeds(NOWHERE).feeds
    assert {"ustr", "fed-press", "ecb-press", "wto-news", "prnewswire", "google-news-trade"} <= {
        f.feed_id for f in feeds
    }
    disabled = [feed for feed in feeds if feed.status is FeedStatus.DISABLED]
    assert {feed.feed_id for feed in disabled} >= {"us-treasury", "ofac", "bis", "xinhua", "mofcom", "reuters"}
    assert all(feed.reason for feed in disabled)


def test_a_feed_that_publishes_one_a_minute_is_polled_within_a_minute() -> None:
    feeds = {feed.feed_id: feed for feed in load_feeds(NOWHERE).feeds}
    assert feeds["prnewswire"].gap.max_s == 60.0
    assert feeds["google-news-trade"].gap.min_s == 60.0


def test_the_shipped_routes_bring_trade_news_to_the_traders_and_the_terminal() -> None:
    routes = load_routes(NOWHERE)
    (trade,) = walk(routes.route, {"topic": "trade"})
    assert (trade.node.desk, trade.node.receivers) == ("trading", ("console",))
    (rest,) = walk(routes.route, {"topic": "weather"})
    assert (rest.node.desk, rest.node.receivers) == ("ops", ())
    assert {"public", "sample", "tocsin"} <= set(routes.desks[DeskId("trading")].permissions)


def test_what_the_shipped_routes_say_in_comments_works_when_it_is_taken(tmp_path: Path) -> None:
    shipped = (Path(__file__).parents[3] / "config/defaults/routes.yaml").read_text()
    comments = [line[2:] for line in shipped.splitlines() if line.startswith("#   ")]
    text = shipped.replace("receivers:\n", "receivers:\n" + "\n".join(comments) + "\n", 1)
    (tmp_path / "routes.yaml").write_text(text.replace("[console]", "[console, slack-trading, hook, mail]"))
    assert set(load_routes(tmp_path).receivers) == {"console", "slack-trading", "hook", "mail"}


def test_the_shipped_rules_load_and_their_owners_are_desks_of_the_shipped_routes() -> None:
    entries = load_rules(NOWHERE, desks=load_routes(NOWHERE).desks)
    assert {"tariffs", "rare-earths"} <= {entry.id for entry in entries if entry.kind == "rule"}
