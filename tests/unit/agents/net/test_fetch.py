from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web

from agents.net.fetch import Fetched, Fetcher, FetchProblem, FetchRequest, FetchTrouble, retry_after_s, user_agent
from tests.fakes import START, Answer, FeedOrigin, FixedClock, endless, gzip_bomb, redirect, slow_loris


@asynccontextmanager
async def fetching(**given: float) -> AsyncIterator[tuple[FeedOrigin, Fetcher]]:
    async with (
        FeedOrigin() as origin,
        Fetcher(contact="ops@example.test", allow=[origin.address], clock=FixedClock(), **given) as fetcher,
    ):
        yield origin, fetcher


async def get(fetcher: Fetcher, url: str) -> Fetched:
    answer = await fetcher.get(FetchRequest(url=url))
    assert isinstance(answer, Fetched), answer
    return answer


async def problem(fetcher: Fetcher, url: str) -> FetchProblem:
    answer = await fetcher.get(FetchRequest(url=url))
    assert isinstance(answer, FetchProblem), answer
    return answer


async def test_an_answer_holds_body_headers_and_times() -> None:
    async with fetching() as (origin, fetcher):
        url = origin.script("/feed", Answer("<rss/>", headers={"Cache-Control": "public, max-age=120"}))
        answer = await get(fetcher, url)
        assert (answer.status, answer.body, answer.url, answer.moved_to) == (200, b"<rss/>", url, None)
        assert (answer.content_type, answer.max_age_s, answer.retry_after_s) == ("application/rss+xml", 120.0, None)
        assert answer.started_at == answer.answered_at == START


async def test_validators_go_out_verbatim_and_come_back_as_a_304() -> None:
    async with fetching() as (origin, fetcher):
        url = origin.script("/feed", Answer("<rss/>", etag='W/"a-1"'))
        request = FetchRequest(url=url, etag='W/"a-1"', last_modified="Mon, 02 Mar 2026 09:30:00 GMT")
        answer = await fetcher.get(request)
        assert isinstance(answer, Fetched)
        assert (answer.status, answer.body) == (304, b"")
        sent = origin.asked[0].headers
        assert (sent["If-None-Match"], sent["If-Modified-Since"]) == ('W/"a-1"', "Mon, 02 Mar 2026 09:30:00 GMT")


async def test_the_client_says_who_it_is_and_keeps_no_cookies() -> None:
    async with fetching() as (origin, fetcher):
        url = origin.script("/feed", Answer("<rss/>", headers={"Set-Cookie": "track=1; Path=/"}))
        await get(fetcher, url)
        await get(fetcher, url)
        sent = origin.asked[1].headers
        assert sent["User-Agent"] == user_agent("ops@example.test")
        assert sent["User-Agent"].endswith("(ops@example.test)")
        assert sent["A-IM"] == "feed"
        assert not {"Cookie", "Referer", "Authorization"} & set(sent)


async def test_permanent_redirects_are_followed_and_told() -> None:
    async with fetching() as (origin, fetcher):
        end = origin.script("/c", Answer("<rss/>"))
        origin.script("/b", redirect("/c", status=308))
        url = origin.script("/a", redirect("/b"))
        answer = await get(fetcher, url)
        assert (answer.url, answer.moved_to, answer.body) == (end, end, b"<rss/>")


async def test_only_the_permanent_part_of_a_chain_counts_as_moved() -> None:
    async with fetching() as (origin, fetcher):
        origin.script("/d", Answer("<rss/>"))
        origin.script("/c", redirect("/d"))
        origin.script("/b", redirect("/c", status=302))
        url = origin.script("/a", redirect("/b"))
        answer = await get(fetcher, url)
        assert (answer.url, answer.moved_to) == (origin.url("/d"), origin.url("/b"))


async def test_credentials_follow_a_redirect_within_their_origin_and_never_cross_it() -> None:
    async with FeedOrigin() as other, FeedOrigin() as origin, Fetcher(allow=[origin.address, other.address]) as fetcher:
        other.script("/there", redirect(origin.url("/back")))
        origin.script("/back", Answer("<rss/>"))
        origin.script("/b", redirect(other.url("/there")))
        url = origin.script("/a", redirect("/b"))
        await fetcher.get(FetchRequest(url=url, authorization="Basic YW5uOnBhNTU="))
        sent = [asked.headers.get("Authorization") for asked in (*origin.asked, *other.asked)]
        assert sent == ["Basic YW5uOnBhNTU=", "Basic YW5uOnBhNTU=", None, None]
        assert "YW5u" not in repr(FetchRequest(url=url, authorization="Basic YW5uOnBhNTU="))


async def test_a_redirect_without_a_place_is_an_answer() -> None:
    async with fetching() as (origin, fetcher):
        answer = await get(fetcher, origin.script("/a", Answer(status=302)))
        assert answer.status == 302


async def test_a_redirect_loop_ends_after_five_hops() -> None:
    async with fetching() as (origin, fetcher):
        url = origin.script("/a", redirect("/a"))
        assert (await problem(fetcher, url)).trouble is FetchTrouble.TOO_MANY_REDIRECTS
        assert len(origin.asked) == 6


@pytest.mark.parametrize(
    "place", ["file:///etc/passwd", "data:text/xml,<rss/>", "gopher://x.test/", "http://10.0.0.1/"]
)
async def test_a_redirect_that_leads_inside_is_refused(place: str) -> None:
    async with fetching() as (origin, fetcher):
        url = origin.script("/a", redirect(place))
        assert (await problem(fetcher, url)).trouble is FetchTrouble.REFUSED_ADDRESS


async def test_a_redirect_to_no_address_is_a_bad_answer() -> None:
    async with fetching() as (origin, fetcher):
        url = origin.script("/a", redirect("http://[broken/"))
        assert (await problem(fetcher, url)).trouble is FetchTrouble.BAD_ANSWER


async def test_an_inner_address_is_refused_unless_it_is_allowed() -> None:
    async with FeedOrigin() as origin, Fetcher() as fetcher:
        url = origin.script("/feed", Answer("<rss/>"))
        assert (await problem(fetcher, url)).trouble is FetchTrouble.REFUSED_ADDRESS
        assert origin.asked == []


async def test_a_gzip_bomb_is_too_large() -> None:
    async with fetching() as (origin, fetcher):
        url = origin.script("/bomb", gzip_bomb(2**28))
        assert (await problem(fetcher, url)).trouble is FetchTrouble.TOO_LARGE


async def test_an_endless_body_is_too_large() -> None:
    async with fetching() as (origin, fetcher):
        assert (await problem(fetcher, origin.script("/endless", endless()))).trouble is FetchTrouble.TOO_LARGE


async def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    async with fetching() as (origin, fetcher):
        url = origin.script("/large", Answer(bytes(11 * 2**20)))
        assert (await problem(fetcher, url)).trouble is FetchTrouble.TOO_LARGE


async def test_ten_megabytes_are_taken() -> None:
    async with fetching() as (origin, fetcher):
        answer = await get(fetcher, origin.script("/large", Answer(bytes(10 * 2**20))))
        assert len(answer.body) == 10 * 2**20


async def test_a_slow_loris_ends_with_the_time_for_the_whole() -> None:
    async with fetching(total_s=0.3) as (origin, fetcher):
        url = origin.script("/slow", slow_loris(0.02))
        assert (await problem(fetcher, url)).trouble is FetchTrouble.TIMEOUT


async def test_an_origin_that_stops_talking_ends_with_the_time_for_a_read() -> None:
    async with fetching(read_s=0.1) as (origin, fetcher):
        url = origin.script("/slow", slow_loris(60))
        assert (await problem(fetcher, url)).trouble is FetchTrouble.TIMEOUT


async def test_a_port_without_a_server_is_a_connect_error() -> None:
    async with FeedOrigin() as origin:
        address, url = origin.address, origin.url("/feed")
    async with Fetcher(allow=[address]) as fetcher:
        assert (await problem(fetcher, url)).trouble is FetchTrouble.CONNECT_ERROR


async def test_a_body_in_an_encoding_that_it_is_not_is_a_bad_answer() -> None:
    async with fetching() as (origin, fetcher):
        url = origin.script("/odd", Answer("plain", headers={"Content-Encoding": "gzip"}))
        assert (await problem(fetcher, url)).trouble is FetchTrouble.BAD_ANSWER


async def test_a_body_that_breaks_off_is_a_bad_answer() -> None:
    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"<rss>")
        assert request.transport is not None
        request.transport.close()
        return response

    async with fetching() as (origin, fetcher):
        url = origin.script("/broken", Answer(send=break_off))
        assert (await problem(fetcher, url)).trouble is FetchTrouble.BAD_ANSWER


async def test_an_error_page_is_not_read() -> None:
    async with fetching() as (origin, fetcher):
        answer = await get(fetcher, origin.script("/down", Answer("sorry", 503, {"Retry-After": "7"})))
        assert (answer.status, answer.body, answer.retry_after_s) == (503, b"", 7.0)


async def test_a_fetcher_outside_of_its_context_asks_nobody() -> None:
    assert (await problem(Fetcher(), "http://127.0.0.1:1/")).trouble is FetchTrouble.BAD_ANSWER


async def test_a_fetcher_may_be_closed_twice() -> None:
    fetcher = Fetcher()
    await fetcher.close()
    async with fetcher:
        await fetcher.close()
        await fetcher.close()
        assert (await problem(fetcher, "http://127.0.0.1:1/")).trouble is FetchTrouble.BAD_ANSWER


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        pytest.param("120", 120.0, id="seconds"),
        pytest.param(" 5 ", 5.0, id="with spaces"),
        pytest.param("Mon, 02 Mar 2026 09:31:00 GMT", 60.0, id="a date"),
        pytest.param("Mon, 02 Mar 2026 09:31:00 -0000", 60.0, id="a date without a zone"),
        pytest.param("Mon, 02 Mar 2026 09:00:00 GMT", 0.0, id="a date that is over"),
        pytest.param("soon", None, id="neither"),
        pytest.param("Mon, 02 Mar 99999999999999999999 09:31:00 GMT", None, id="a year beyond every calendar"),
        pytest.param("", None, id="absent"),
        pytest.param("9" * 40, 999_999_999.0, id="for ever"),
    ],
)
def test_retry_after_is_read_in_both_forms(text: str, wait_s: float | None) -> None:
    assert retry_after_s(text, now=datetime(2026, 3, 2, 9, 30, tzinfo=UTC)) == wait_s


def test_the_user_agent_has_a_name_and_a_version_even_without_a_contact() -> None:
    assert user_agent(None).startswith("tocsin/")
    assert "(" not in user_agent(None)
