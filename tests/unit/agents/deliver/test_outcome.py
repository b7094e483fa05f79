from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from agents.deliver.outcome import OutcomeKind, ambiguous, of_status, retry_after_s, throttled
from agents.deliver.post import of_error
from agents.net.address_guard import AddressRefusedError
from streams.errors import Reason

NOW = datetime(2026, 3, 2, 14, 55, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param("7", 7.0, id="seconds"),
        pytest.param(" 120 ", 120.0, id="with spaces"),
        pytest.param("99999999999999999999", 3_600.0, id="for ever is an hour"),
        pytest.param("Mon, 02 Mar 2026 14:55:30 GMT", 30.0, id="a date"),
        pytest.param("Mon, 02 Mar 2026 14:55:30 -0000", 30.0, id="a date without a zone"),
        pytest.param("Mon, 02 Mar 2026 14:00:00 GMT", 0.0, id="a date that is past"),
        pytest.param("soon", None, id="a word"),
        pytest.param("Mon, 02 Mar 2026 99999999999:00:00 GMT", None, id="an hour beyond every clock"),
        pytest.param("-5", None, id="a negative number"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="absent"),
    ],
)
def test_a_retry_after_is_read(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, now=NOW) == seconds


def test_a_429_without_a_word_waits_half_a_minute() -> None:
    outcome = of_status(429, retry_after=None, now=NOW)
    assert (outcome.kind, outcome.retry_after_s) == (OutcomeKind.THROTTLED, 30.0)


def test_no_receiver_freezes_its_lane_for_longer_than_an_hour() -> None:
    far = (NOW + timedelta(days=9)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert of_status(503, retry_after=far, now=NOW).retry_after_s == 3_600.0
    assert throttled("x", -5).retry_after_s == 0.0


@pytest.mark.parametrize("status", [100, 199, 301, 302, 307, 308])
def test_what_is_no_answer_to_a_post_is_a_failure(status: int) -> None:
    assert of_status(status, retry_after=None, now=NOW).kind is OutcomeKind.FAILED


def test_an_outcome_is_carried_on_as_words() -> None:
    assert ambiguous("timeout").text == "ambiguous: timeout"


UNUSED = dict.fromkeys(("proxy", "proxy_auth", "proxy_headers_hash"))


def _caused(err: BaseException, cause: BaseException) -> BaseException:
    err.__cause__ = cause
    return err


@pytest.mark.parametrize(
    ("err", "kind", "detail"),
    [
        pytest.param(AddressRefusedError("10.0.0.1", 443), OutcomeKind.REFUSED, "address_refused", id="guard"),
        pytest.param(
            _caused(aiohttp.ClientError(), AddressRefusedError("10.0.0.1", 443)),
            OutcomeKind.REFUSED,
            "address_refused",
            id="guard, wrapped",
        ),
        pytest.param(aiohttp.InvalidURL("https://secret"), OutcomeKind.REFUSED, "not_an_address", id="no address"),
        pytest.param(
            aiohttp.ConnectionTimeoutError(), OutcomeKind.FAILED, "connect_ConnectionTimeoutError", id="connect timeout"
        ),
        pytest.param(aiohttp.ServerTimeoutError(), OutcomeKind.AMBIGUOUS, "timeout", id="read timeout"),
        pytest.param(ConnectionResetError("secret"), OutcomeKind.AMBIGUOUS, "broken_ConnectionResetError", id="reset"),
    ],
)
def test_an_error_says_whether_the_body_may_have_arrived(err: BaseException, kind: OutcomeKind, detail: str) -> None:
    outcome = of_error(err)
    assert (outcome.kind, outcome.detail) == (kind, detail)
    assert "secret" not in repr(outcome)


def test_a_bad_certificate_is_a_matter_of_security() -> None:
    key = aiohttp.client_reqrep.ConnectionKey("h.test", 443, is_ssl=True, ssl=True, **UNUSED)
    outcome = of_error(aiohttp.ClientConnectorCertificateError(key, ValueError("self-signed")))
    assert (outcome.kind, outcome.reason) == (OutcomeKind.REFUSED, Reason.ADDRESS_REFUSED)
