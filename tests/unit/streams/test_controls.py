from datetime import UTC, datetime

import pytest

from streams.controls import Control, acknowledged_in, paused_in
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


@pytest.mark.parametrize(
    ("key", "acknowledged", "paused"),
    [
        pytest.param("ack/fx/s1", ("fx", "s1"), None, id="acknowledgement"),
        pytest.param("ack/fx", None, None, id="of no story"),
        pytest.param("pause/hook", None, "hook", id="pause"),
        pytest.param("pause/", None, None, id="of no receiver"),
        pytest.param("silence/x1", None, None, id="silence"),
    ],
)
def test_a_key_says_what_is_acknowledged_or_paused(
    key: str, acknowledged: tuple[str, str] | None, paused: str | None
) -> None:
    assert (acknowledged_in(key), paused_in(key)) == (acknowledged, paused)
