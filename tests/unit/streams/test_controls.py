from datetime import UTC, datetime

import pytest

from streams.controls import Control
from streams.ids import ControlId, UserId

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "name", "key"),
    [
        pytest.param("silence", "s1", "silence/s1", id="silence"),
        pytest.param("snooze", "s2", "silence/s2", id="a snooze is a silence upon one story, rule, entity or source"),
        pytest.param("ack", "fx/story", "ack/fx/story", id="acknowledgement"),
        pytest.param("pause", "slack-fx", "pause/slack-fx", id="pause"),
        pytest.param("poll", "ustr", "poll/ustr", id="poll now"),
    ],
)
def test_a_controls_key_says_what_it_is_about(kind: str, name: str, key: str) -> None:
    control = Control.model_validate(
        {"kind": kind, "id": ControlId(name), "starts_at": NOON, "user": UserId("ann"), "comment": "lunch"}
    )
    assert control.key == key
    assert Control.from_json(control.to_json()) == control
