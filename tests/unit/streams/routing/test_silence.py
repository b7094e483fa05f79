from collections.abc import Mapping
from datetime import timedelta

import pytest

from streams.routing.route import Matcher
from streams.routing.silence import Silence, silencing
from tests.support.alerting import NOW

HOUR = timedelta(hours=1)
LABELS = {"desk": "fx", "story": "s1", "rule": "rare-earths", "source": "Reuters", "topic": "trade"}
TRADE = (Matcher(label="topic", op="=", value="trade"),)


def silence(target: Mapping[str, str] | None = None, **fields: object) -> Silence:
    given = {"silence_id": "x1", "starts_at": NOW - HOUR, "ends_at": NOW + HOUR, "user": "ana"}
    return Silence(target=target or {}, **{**given, **fields})  # type: ignore[arg-type] # any field


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(silence(matchers=TRADE), True, id="by a label"),
        pytest.param(silence({"story": "s1"}), True, id="of the story"),
        pytest.param(silence({"story": "s2"}), False, id="of another story"),
        pytest.param(silence({"rule": "rare-earths"}), True, id="of the rule"),
        pytest.param(silence({"source": "Reuters"}), True, id="of the source"),
        pytest.param(silence({"entity": "china"}), True, id="of an entity"),
        pytest.param(silence({"entity": "us"}), False, id="of an entity that it does not name"),
        pytest.param(silence({"desk": "fx", "story": "s1"}), True, id="for this desk"),
        pytest.param(silence({"desk": "rates", "story": "s1"}), False, id="for another desk"),
        pytest.param(
            silence({"story": "s1"}, matchers=(Matcher(label="topic", op="=", value="fx"),)), False, id="both"
        ),
        pytest.param(silence(), False, id="of nothing"),
        pytest.param(silence({"desk": "fx"}), False, id="of a desk alone"),
        pytest.param(silence(matchers=TRADE, starts_at=NOW + HOUR / 2), False, id="not yet"),
        pytest.param(silence(matchers=TRADE, ends_at=NOW), False, id="over"),
        pytest.param(silence(matchers=TRADE, ends_at=None), True, id="without an end"),
    ],
)
def test_a_silence_means_what_it_names(given: Silence, *, expected: bool) -> None:
    assert silencing([given], LABELS, ["china"], at=NOW) == ((given,) if expected else ())


def test_its_end_is_said_in_words() -> None:
    assert silence().until == "until 2025-10-26 08:41 UTC"
    assert silence(ends_at=None).until == "until it is ended"
