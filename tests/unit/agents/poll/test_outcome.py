import pytest

from agents.metrics import FETCH_OUTCOMES
from agents.net.fetch import Fetched
from agents.poll.outcome import failure_of
from streams.feeds.after_poll import Outcome
from tests.fakes import START


def test_every_way_that_a_poll_ends_is_a_label_and_there_is_no_other() -> None:
    assert sorted(outcome.value for outcome in Outcome) == sorted(FETCH_OUTCOMES)


@pytest.mark.parametrize(
    ("status", "label"),
    [
        pytest.param(401, "denied", id="no credentials"),
        pytest.param(403, "denied", id="forbidden"),
        pytest.param(404, "http_error", id="not found"),
        pytest.param(410, "gone", id="gone"),
        pytest.param(503, "throttled", id="busy"),
    ],
)
def test_a_status_is_counted_as_what_a_person_would_do_about_it(status: int, label: str) -> None:
    answer = Fetched(
        status=status,
        headers={},
        body=b"",
        url="http://feeds.test/",
        moved_to=None,
        started_at=START,
        answered_at=START,
    )
    failure = failure_of(answer, conditional=False)
    assert failure is not None
    assert failure.value == label
