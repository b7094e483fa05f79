from typing import Any

import pytest

from streams.errors import ConfigurationError
from streams.routing.receiver import (
    console_options,
    named_secrets,
    option_problems,
    pagerduty_options,
    slack_options,
    slots,
    teams_options,
    webhook_options,
)
from streams.routing.route import Receiver

ONE_OF_FOUR = "give exactly one of token_file, token_env, url_file, url_env; this one has none"
TOKEN_CURE = "a secret never stands in the routes; use token_file or token_env"
URL_CURE = "a secret never stands in the routes; use url_file or url_env"
KEY_CURE = "a secret never stands in the routes; use routing_key_file or routing_key_env"
KEY = {"routing_key_file": "k"}
TOKEN = {"token_file": "a", "channel": "C"}
URL = {"url_file": "a"}
MAIL = {"smtp_file": "s", "from": "tocsin@example.test", "to": ["ops@example.test"]}


def receiver(kind: str, **options: Any) -> Receiver:  # noqa: ANN401 - options are what a user wrote
    return Receiver.model_validate({"receiver_id": "r", "type": kind, "options": options})


@pytest.mark.parametrize(
    ("kind", "options", "path", "text"),
    [
        pytest.param("slack", {}, (), ONE_OF_FOUR, id="no secret"),
        pytest.param("slack", {**TOKEN, "url_file": "b"}, (), "this one has token_file and url_file", id="two secrets"),
        pytest.param("slack", {"token_file": "a"}, (), "a bot token needs a channel", id="a bot without a channel"),
        pytest.param("slack", {"token": "xoxb-1", "channel": "C"}, ("token",), TOKEN_CURE, id="a token inline"),
        pytest.param("webhook", {"url": "https://x"}, ("url",), URL_CURE, id="an address inline"),
        pytest.param("webhook", {**URL, "fromat": "x"}, ("fromat",), "did you mean format?", id="a typing slip"),
        pytest.param("webhook", {**URL, "zzz": 1}, ("zzz",), "known are url_file", id="an unknown option"),
        pytest.param("webhook", {**URL, "sign": {"key_file": "k"}}, ("sign", "key_file"), "keys_file?", id="inside"),
        pytest.param("webhook", {**URL, "sign": {}}, ("sign",), "give exactly one of keys_file", id="no keys"),
        pytest.param("webhook", {**URL, "format": "xml"}, ("format",), "should be 'cloudevents'", id="unknown format"),
        pytest.param("console", {"styles": "loud"}, ("styles",), "Input should be", id="an unknown style"),
        pytest.param("teams", {}, (), "exactly one of url_file, url_env", id="no address of a workflow"),
        pytest.param("teams", {"url": "https://x"}, ("url",), URL_CURE, id="an address of a workflow inline"),
        pytest.param("teams", {**URL, "channel": "C"}, ("channel",), "unknown option channel", id="a channel of Teams"),
        pytest.param("pagerduty", {}, (), "exactly one of routing_key_file, routing_key_env", id="no routing key"),
        pytest.param("pagerduty", {"routing_key": "0"}, ("routing_key",), KEY_CURE, id="a routing key inline"),
        pytest.param("pagerduty", {**KEY, "timeout_s": 0}, ("timeout_s",), "greater than or equal", id="no time"),
        pytest.param("email", {**MAIL, "smtp": "smtp://x"}, ("smtp",), "use smtp_file or smtp_env", id="inline mail"),
        pytest.param("email", {**MAIL, "frm": "x"}, ("frm",), "did you mean from?", id="a sender misspelt"),
        pytest.param("email", {**MAIL, "to": []}, ("to",), "at least 1 item", id="nobody"),
        pytest.param("email", {**MAIL, "from": "desk"}, ("from",), '"desk" is no mail address', id="no sender"),
        pytest.param("email", {**MAIL, "to": ["a@b\r\nBcc: c@d"]}, ("to", "0"), "is no mail address", id="a header"),
        pytest.param("email", {**MAIL, "to": ["A <a@b>"]}, ("to", "0"), "is no mail address", id="a name"),
        pytest.param("email", {**MAIL, "smtp_env": "E"}, (), "smtp_file and smtp_env", id="two servers"),
    ],
)  # fmt: skip
def test_each_wrong_option_is_told_with_its_place_and_cure(
    kind: str, options: dict[str, Any], path: tuple[str, ...], text: str
) -> None:
    problems = option_problems(receiver(kind, **options))
    assert [problem.path for problem in problems if text in problem.text] == [path]


def test_all_problems_come_at_once_when_the_options_are_read() -> None:
    with pytest.raises(ConfigurationError) as raised:
        webhook_options(receiver("webhook", url_file="a", zzz=1, timeout_s=900))
    assert [problem.split(":")[:2] for problem in raised.value.problems] == [
        ["receiver r", " timeout_s"],
        ["receiver r", " zzz"],
    ]


def test_a_problem_of_the_whole_receiver_has_no_path() -> None:
    with pytest.raises(ConfigurationError, match=r"^receiver r: give exactly one"):
        slack_options(receiver("slack"))


def test_right_options_are_read() -> None:
    assert slack_options(receiver("slack", token_file="t", channel="C")).bot
    assert not slack_options(receiver("slack", url_env="SLACK_URL")).bot
    sign = webhook_options(receiver("webhook", url_env="U", sign={"keys_file": "k"}, ordered=False)).sign
    assert sign is not None
    assert sign.keys_file == "k"
    assert console_options(receiver("console")).styles == "auto"
    assert teams_options(receiver("teams", url_env="T")).timeout_s == 10.0
    assert pagerduty_options(receiver("pagerduty", **KEY)).api_url == "https://events.pagerduty.com/v2/enqueue"


def test_deliveries_go_out_in_order_unless_the_receiver_says_otherwise() -> None:
    assert slots(receiver("console").model_copy(update={"concurrency": 8})) == 1
    assert slots(receiver("webhook", ordered=False).model_copy(update={"concurrency": 8})) == 8
    assert slots(receiver("webhook", ordered=False).model_copy(update={"concurrency": 0})) == 1


def test_secrets_are_named_where_they_stand_files_first() -> None:
    hook = receiver("webhook", url_env="HOOK", sign={"keys_file": "/run/keys"}, ordered=False)
    assert named_secrets(hook) == [("/run/keys", None), (None, "HOOK")]
    assert named_secrets(receiver("slack", token_file="/run/token", channel="C1")) == [("/run/token", None)]
    assert named_secrets(receiver("pagerduty", routing_key_env="PD")) == [(None, "PD")]
    assert named_secrets(receiver("console")) == []
