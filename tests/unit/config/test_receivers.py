import pytest

from config.receivers import read_receivers
from config.yaml_source import parse
from streams.ids import ReceiverId
from streams.routing.route import Receiver


def read(text: str) -> tuple[dict[ReceiverId, Receiver], list[str]]:
    root = parse(text, name="routes.yaml")
    return read_receivers(root), root.source.report()


def one(text: str) -> Receiver:
    receivers, problems = read(f"hook: {text}\n")
    assert problems == []
    return receivers[ReceiverId("hook")]


def test_a_webhook_is_read_with_all_that_it_may_say() -> None:
    hook = one(
        "{type: webhook, url_file: /s/url, sign: {keys_file: /s/keys}, ordered: false, timeout_s: 5, concurrency: 8,"
        " rate: {per_minute: 120, burst: 5}, ttl: 24h}"
    )
    assert hook.options == {"url_file": "/s/url", "sign": {"keys_file": "/s/keys"}, "ordered": False, "timeout_s": 5}
    assert (hook.concurrency, hook.rate.per_second, hook.rate.burst) == (8, 2.0, 5)
    assert hook.ttl_s == {"flash": 86_400.0, "urgent": 86_400.0, "routine": 86_400.0}


def test_a_time_to_live_may_differ_by_urgency() -> None:
    assert one("{type: console, ttl: {flash: 15m, routine: 72h}}").ttl_s == {"flash": 900.0, "routine": 259_200.0}


def test_slack_is_sent_to_at_the_rate_that_it_allows() -> None:
    slack = one("{type: slack, token_file: /s/token, channel: C1}")
    assert (slack.rate.per_second, slack.rate.burst) == (1.0, 3)
    assert one("{type: console}").rate.per_second == 10.0


def test_teams_and_pagerduty_are_sent_to_at_the_rate_that_they_allow() -> None:
    assert one("{type: teams, url_file: /s/url}").rate.per_second == 1.0
    pagerduty = one("{type: pagerduty, routing_key_file: /s/key}").rate
    assert pagerduty.per_second == pytest.approx(100 / 60)
    assert pagerduty.burst + 60 * pagerduty.per_second <= 120


def test_a_time_to_live_has_bounds_and_both_are_right() -> None:
    assert one("{type: console, ttl: {flash: 1s, routine: 7d}}").ttl_s == {"flash": 1.0, "routine": 604_800.0}


def test_a_time_to_live_of_nothing_is_named_with_its_place_and_cure() -> None:
    found, problems = read("hook:\n  type: console\n  ttl: 0s\n")
    assert problems == [
        'routes.yaml:3:8 receiver "hook": ttl "0s": nothing would ever be sent; write 1s to 7d',
    ]
    assert found[ReceiverId("hook")].ttl_s == {}


def test_a_storm_is_switched_off_by_a_word() -> None:
    slack = "{type: slack, token_file: t, channel: C1"
    assert one(slack + "}").storm is not None
    assert one(slack + ", storm: off}").storm is None
    assert one('{type: webhook, url_file: u, storm: "off"}').storm is None


def test_a_digest_and_a_storm_are_read_and_people_have_a_storm_without_a_word() -> None:
    digest = one("{type: console, digest: {every: 10m, max_items: 5, flash: digest}}").digest
    assert digest is not None
    assert (digest.every_s, digest.max_items, digest.flash) == (600.0, 5, "digest")
    usual = one("{type: console, digest: {every: 1h}}").digest
    assert usual is not None
    assert (usual.max_items, usual.flash) == (20, "at_once")
    limits = {
        "{type: slack, token_file: t, channel: C1}": 30,
        "{type: teams, url_file: u}": 30,
        "{type: email, smtp_file: s, from: a@b.test, to: [a@b.test]}": 30,
        "{type: pagerduty, routing_key_file: k}": 30,
        "{type: webhook, url_file: u, storm: {roots_per_minute: 7}}": 7,
    }
    assert {text: (found := one(text).storm) and found.roots_per_minute for text in limits} == limits
    assert one("{type: webhook, url_file: u}").storm is None


def test_a_burst_is_a_second_of_the_rate_unless_it_is_said() -> None:
    assert one("{type: console, rate: {per_second: 7.6}}").rate.burst == 8
    assert one("{type: console, rate: {per_second: 0.1}}").rate.burst == 1


@pytest.mark.parametrize(
    ("receiver", "problem"),
    [
        pytest.param("{}", 'needs "type"', id="no type"),
        pytest.param("{type: slak}", "did you mean slack?", id="an unknown type"),
        pytest.param("{type: email, smtp_file: x, to: [a@b.test]}", "from: Field required", id="no sender"),
        pytest.param("{type: email, smtp_file: x, from: a@b.test, to: a@b.test}", "to: ", id="one text for a list"),
        pytest.param("{type: console, digest: {}}", 'needs "every"', id="a digest without its time"),
        pytest.param("{type: console, digest: {every: 5s}}", "every is from 1m to 24h", id="too often"),
        pytest.param("{type: console, digest: {every: 10}}", "write 10s for seconds", id="a digest without a unit"),
        pytest.param("{type: console, digest: {every: 1h, max_items: 0}}", "from 1 to 20", id="no items"),
        pytest.param("{type: console, digest: {every: 1h, flash: no}}", "none of at_once, digest", id="no flash"),
        pytest.param(
            "{type: console, storm: {root_per_minute: 3}}", "did you mean roots_per_minute", id="a storm misspelt"
        ),
        pytest.param("{type: console, storm: {roots_per_minute: 0}}", "from 1 to 10000", id="a storm at once"),
        pytest.param("{type: console, storm: on}", '"on" is no limit: write {roots_per_minute: 30}, or off', id="on"),
        pytest.param("{type: console, storm: }", "{roots_per_minute: ...}, has nothing", id="a storm of nothing"),
        pytest.param("{type: slack, channel: C1}", "exactly one of token_file", id="no secret"),
        pytest.param("{type: slack, token_file: x}", "needs a channel", id="no channel"),
        pytest.param("{type: webhook, url_file: x, sgn: {}}", "unknown option sgn", id="an unknown option"),
        pytest.param("{type: webhook, url_file: x, sign: {}}", "exactly one of keys_file", id="no keys"),
        pytest.param("{type: webhook, url_file: x, timeout_s: 99}", "timeout_s: ", id="too long"),
        pytest.param("{type: console, rate: {}}", "needs per_second or per_minute", id="no rate"),
        pytest.param("{type: console, rate: {per_second: 1, per_minute: 1}}", "not both", id="two rates"),
        pytest.param("{type: console, rate: {per_second: 0}}", "is no number from 0.001 to 10000", id="rate 0"),
        pytest.param("{type: console, rate: {per_second: 1e9}}", "from 0.001 to 10000", id="a rate that is none"),
        pytest.param("{type: console, rate: {per_minute: -1}}", "from 0.1 to 600000", id="a rate below 0"),
        pytest.param("{type: console, rate: {per_minute: 1e9}}", "from 0.1 to 600000", id="a rate that is none, too"),
        pytest.param("{type: console, digest: {every: 2d}}", "every is from 1m to 24h", id="a digest too seldom"),
        pytest.param("{type: console, concurrency: 0}", "from 1 to 64", id="no one at work"),
        pytest.param("{type: console, ttl: 15}", "write 15s for seconds", id="no unit"),
        pytest.param("{type: console, ttl: {flash: 1h, urgent: 0s}}", 'ttl "0s": nothing would ever', id="no time"),
        pytest.param("{type: console, ttl: 100ms}", "nothing would ever be sent; write 1s to 7d", id="hardly any time"),
        pytest.param("{type: console, ttl: 8d}", "its state would be forgotten first; write 1s to 7d", id="forgotten"),
        pytest.param("{type: console, ttl: -15m}", '"-15m" is no duration', id="time before"),
        pytest.param("{type: console, ttl: {flsh: 15m}}", "did you mean flash?", id="no urgency"),
        pytest.param("{type: console, fallback: hok}", 'unknown receiver "hok" (did you mean hook?)', id="fallback"),
        pytest.param("{type: console, fallback: hook}", 'lead back to "hook"', id="its own fallback"),
        pytest.param("text", "needs keys with values", id="no mapping"),
    ],
)
def test_a_wrong_receiver_is_named_with_place_and_cure(receiver: str, problem: str) -> None:
    _, problems = read(f"hook: {receiver}\n")
    assert any(problem in line and 'receiver "hook": ' in line for line in problems)


def test_a_secret_in_the_file_is_refused_and_never_repeated() -> None:
    _, (line, *_) = read("hook: {type: webhook, url: 'https://x.test/geheim'}\n")
    assert "a secret never stands in the routes" in line
    assert "geheim" not in line


def test_fallbacks_that_go_in_a_circle_are_refused_once_for_each() -> None:
    _, problems = read(
        "a: {type: console, fallback: b}\nb: {type: console, fallback: a}\nc: {type: console, fallback: a}\n"
    )
    assert len(problems) == 3
    assert all("lead back to" in line for line in problems)


def test_fallbacks_that_end_are_right() -> None:
    assert read("a: {type: console, fallback: b}\nb: {type: console, fallback: c}\nc: {type: console}\n")[1] == []
