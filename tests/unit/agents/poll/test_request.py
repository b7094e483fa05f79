from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from agents.net.secret import SecretMissingError
from agents.poll.request import authorization, request_for
from streams.feeds.feed import FeedState, Redirect
from tests.fakes import START, Answer, rss
from tests.support.poll_bench import bench, feed_of, incoming, item

URL = "https://wire.test/feed"


def state(**given: object) -> FeedState:
    given = {"validators_url": URL, "etag": '"1"', "last_full_get_at": START, **given}
    return FeedState(feed_id="wire", next_poll_at=START, gap_s=15, **given)


@pytest.mark.parametrize(
    ("given", "conditional"),
    [
        pytest.param({}, True, id="known"),
        pytest.param({"etag": None}, False, id="no validators: then a 304 is no answer"),
        pytest.param({"validators_url": "https://old.test/"}, False, id="validators of another address"),
        pytest.param({"last_full_get_at": START - timedelta(days=1)}, False, id="the whole, once a day"),
    ],
)
def test_a_request_is_conditional_with_validators_of_its_own_address(
    given: dict[str, object], *, conditional: bool
) -> None:
    assert request_for(feed_of(URL), state(**given), now=START).conditional is conditional


@pytest.mark.parametrize(
    ("moved_to", "sent"),
    [
        pytest.param("https://wire.test:443/new", True, id="within the origin"),
        pytest.param("https://other.test/feed", False, id="another host"),
        pytest.param("http://wire.test/feed", False, id="in clear text"),
        pytest.param("https://wire.test:8443/feed", False, id="another port"),
    ],
)
def test_credentials_go_to_the_registered_origin_alone(
    monkeypatch: pytest.MonkeyPatch, moved_to: str, *, sent: bool
) -> None:
    monkeypatch.setenv("WIRE", "ann:pa55")
    kept = Redirect(source=URL, url=moved_to, polls=9, since=START)
    request = request_for(feed_of(URL, secret_ref="env:WIRE"), state(redirect=kept), now=START)
    assert (request.url, request.authorization) == (moved_to, "Basic YW5uOnBhNTU=" if sent else None)


@pytest.mark.parametrize("text", ["token", "root:x:0\nann:x:1", ""], ids=["no password", "a file of lines", "empty"])
def test_what_is_no_user_and_password_stays_here(tmp_path: Path, text: str) -> None:
    (tmp_path / "secret").write_text(text)
    with pytest.raises(SecretMissingError) as caught:
        authorization(f"file:{tmp_path / 'secret'}")
    assert "ann" not in str(caught.value)


async def test_a_feed_with_a_secret_is_asked_with_it_and_one_whose_secret_is_missing_fails_alone(
    tmp_path: Path,
) -> None:
    (tmp_path / "secret").write_text("ann:pa55\n")
    async with bench() as it:
        good = feed_of(it.origin.script("/a", Answer(rss([item(1)]))), "a", secret_ref=f"file:{tmp_path / 'secret'}")
        bad = feed_of(it.origin.script("/b", Answer(rss([item(2)]))), "b", secret_ref=f"file:{tmp_path / 'none'}")
        with capture_logs() as said:
            await it.start(incoming(bad), incoming(good))
            asked = await it.origin.wait_for("/a", 2)
            await it.log.until(states=2)
        assert asked[0].headers["Authorization"] == "Basic YW5uOnBhNTU="
        assert it.origin.requests("/b") == []
        failed = next(line for line in said if line["event"] == "poll failed")
        assert failed["detail"] == f"the secret file {tmp_path / 'none'} can't be read; check path and rights"
        assert not any("YW5u" in str(line) or "pa55" in str(line) for line in said)


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        pytest.param(False, ["wire"], id="226 is the answer with the new items only"),
        pytest.param(True, [], id="a sample wire begins anew with each run"),
    ],
)
async def test_a_window_of_nothing_but_new_items_is_said_to_have_gaps(*, sample: bool, expected: list[str]) -> None:
    async with bench() as it:
        answers = [Answer(rss([item(1)])), Answer(rss([item(2), item(3)])), Answer(rss([item(4)]), status=226)]
        with capture_logs() as said:
            await it.start(incoming(feed_of(it.origin.script("/feed", *answers), sample=sample)))
            await it.log.until(articles=4)
        assert [line["feed"] for line in said if line["event"].startswith("every item is new")] == expected
