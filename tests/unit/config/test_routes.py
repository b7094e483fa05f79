from pathlib import Path

import pytest

from config.routes import load_routes, read_routes
from config.yaml_source import parse
from streams.alerts.alert import Relation
from streams.errors import ConfigurationError
from streams.ids import DeskId, ReceiverId
from streams.routing.route import Escalation, Matcher, Routes

HEAD = """version: 1
time_intervals:
  night: {times: ["22:00-06:00"]}
receivers:
  console: {type: console}
  hook: {type: webhook, url_file: /run/secrets/url}
desks:
  fx: {permissions: [public, reuters], zone: Asia/Kuala_Lumpur}
  ops: {permissions: [public]}
"""


def read(route: str) -> tuple[Routes, list[str]]:
    root = parse(HEAD + route, name="routes.yaml")
    return read_routes(root), root.source.report()


def test_a_node_inherits_what_it_does_not_say() -> None:
    routes, problems = read(
        "route:\n  desk: ops\n  receivers: [console]\n  relations: {update: thread, copy: drop}\n"
        "  mute_time_intervals: [night]\n  routes:\n"
        "    - {matchers: ['topic=trade'], desk: fx, relations: {copy: edit_root}, continue: true}\n"
        "    - {matchers: ['topic=rates'], receivers: [hook, hook], mute_time_intervals: []}\n"
        "    - {matchers: ['topic=none'], receivers: []}\n"
    )
    assert problems == []
    trade, rates, none = routes.route.routes
    assert (trade.desk, trade.receivers, trade.go_on, trade.mute_time_intervals) == (
        "fx",
        ("console",),
        True,
        ("night",),
    )
    assert trade.relations == {Relation.UPDATE: "thread", Relation.COPY: "edit_root"}
    assert (rates.desk, rates.receivers, rates.go_on, rates.mute_time_intervals) == ("ops", ("hook",), False, ())
    assert none.receivers == ()


def test_a_flash_goes_through_quiet_hours_unless_a_node_or_one_above_it_says_no() -> None:
    found, problems = read(
        "route:\n  desk: ops\n  mute_time_intervals: [night]\n  flash_pierces: false\n  routes:\n"
        "    - {matchers: ['topic=trade']}\n"
        "    - {matchers: ['topic=rates'], flash_pierces: true}\n"
    )
    assert found.route.flash_pierces is False
    assert [child.flash_pierces for child in found.route.routes] == [False, True]
    assert problems == []
    assert read("route: {desk: ops}\n")[0].route.flash_pierces is True


def test_a_step_up_is_written_alone_or_in_a_list_is_inherited_and_taken_away_by_an_empty_one() -> None:
    found, problems = read(
        "route:\n  desk: ops\n  escalate: {unacked_for: 120s, to: [hook]}\n  routes:\n"
        "    - {matchers: ['topic=trade']}\n"
        "    - {matchers: ['topic=rates'], escalate: []}\n"
        "    - matchers: ['topic=fx']\n      escalate:\n"
        "        - {if: 'topic=\"fx\"', unacked_for: 1m, to: [hook, console]}\n"
        "        - {unacked_for: 30s, to: [console]}\n"
    )
    above = (Escalation(unacked_for_s=120.0, to=(ReceiverId("hook"),)),)
    on_fx = Matcher(label="topic", op="=", value="fx")

    assert problems == []
    assert found.route.escalate == found.route.routes[0].escalate == above
    assert found.route.routes[1].escalate == ()
    assert [(step.condition, step.unacked_for_s, step.to) for step in found.route.routes[2].escalate] == [
        (on_fx, 60.0, ("hook", "console")),
        (None, 30.0, ("console",)),
    ]


def test_every_desk_sees_what_tocsin_says_of_its_feeds() -> None:
    routes, _ = read("route: {desk: ops}\n")
    assert routes.desks[DeskId("fx")].permissions == ("public", "reuters", "tocsin")
    assert (routes.desks[DeskId("fx")].zone, routes.desks[DeskId("ops")].zone) == ("Asia/Kuala_Lumpur", "UTC")


@pytest.mark.parametrize(
    ("route", "problem"),
    [
        pytest.param("{receivers: [console]}", "receivers without a desk", id="no desk"),
        pytest.param("{desk: fy, receivers: [console]}", 'unknown desk "fy"', id="an unknown desk"),
        pytest.param(
            "{desk: ops, receivers: [consle]}", 'unknown receiver "consle" (did you mean console?)', id="receiver"
        ),
        pytest.param("{desk: ops, active_time_intervals: [nigt]}", "(did you mean night?)", id="an unknown interval"),
        pytest.param("{desk: ops, group_wait: 10s}", "group_wait is not there: news is told once", id="group_wait"),
        pytest.param("{desk: ops, relations: {updat: thread}}", "did you mean update?", id="an unknown relation"),
        pytest.param("{desk: ops, relations: {update: tread}}", "did you mean thread?", id="an unknown manner"),
        pytest.param("{desk: ops, matchers: ['a=b']}", "the root takes every alert", id="conditions on the root"),
        pytest.param("{desk: ops, continue: true}", "the root takes every alert", id="continue on the root"),
        pytest.param("{desk: ops, routes: [{matchers: ['a~b']}]}", "not a condition: a~b", id="no condition"),
        pytest.param("{desk: ops, routs: []}", "did you mean routes?", id="an unknown key"),
        pytest.param("{desk: ops, escalate: {unacked_for: 2, to: [hook]}}", "write 2s", id="a wrong duration"),
        pytest.param("{desk: ops, escalate: {unacked_for: 2d, to: [hook]}}", "from 1s to 24h", id="days late"),
        pytest.param("{desk: ops, escalate: {unacked_for: 2m, to: []}}", "nobody would be told", id="to nobody"),
        pytest.param("{desk: ops, escalate: {unacked_for: 2m}}", 'needs "to"', id="no receiver of an escalation"),
        pytest.param("{desk: ops, escalate: {unacked_for: 2m, to: [hok]}}", "did you mean hook?", id="to an unknown"),
        pytest.param(
            "{desk: ops, escalate: {if: 'urgency=flsh', unacked_for: 2m, to: [hook]}}",
            "(did you mean flash?)",
            id="a wrong condition",
        ),
        pytest.param(
            "{escalate: {unacked_for: 2m, to: [hook]}}", "escalate without a desk", id="nobody to acknowledge"
        ),
        pytest.param(
            "{desk: ops, escalate: [{unacked_for: 2m, to: [hook]}, {unacked_for: 1m, to: [console]}]}",
            "this step comes after 60 s, one before it after 120 s",
            id="steps that do not rise",
        ),
        pytest.param(
            "{desk: ops, escalate: [{unacked_for: 2m, to: [hook]}, {if: 'topic=fx', unacked_for: 3m, to: [hook]},"
            " {unacked_for: 1m, to: [console]}]}",
            "this step comes after 60 s, one before it after 120 s",
            id="steps of one condition that do not rise, with another's between them",
        ),
        pytest.param(
            "{desk: ops, escalate: [{unacked_for: 2m, to: [hook]}, {if: 'urgency=flash', unacked_for: 1m,"
            " to: [console]}]}",
            "this step comes after 60 s, one before it after 120 s",
            id="what holds without a condition, and the same written out",
        ),
        pytest.param("{desk: ops, escalate: {unacked_for: 0s, to: [hook]}}", "from 1s to 24h", id="a step up at once"),
        pytest.param("{desk: ops, escalate: {unacked_for: -5s, to: [hook]}}", "is no duration", id="a step up before"),
    ],
)
def test_a_wrong_route_is_named_with_place_and_cure(route: str, problem: str) -> None:
    _, problems = read(f"route: {route}\n")
    assert any(problem in line and line.startswith("routes.yaml:10:") and " route: " in line for line in problems)


def test_an_unknown_desk_is_one_problem_and_not_two() -> None:
    assert len(read("route: {desk: fy, receivers: [console]}\n")[1]) == 1


def test_a_node_that_is_never_reached_is_refused() -> None:
    _, problems = read("route: {desk: ops, routes: [{desk: fx}, {matchers: ['a=b']}, {matchers: ['a=c']}]}\n")
    (line,) = problems
    assert line.startswith("routes.yaml:10:41 route: never reached: the node on line 10 has no matchers")
    assert read("route: {desk: ops, routes: [{desk: fx, continue: true}, {matchers: ['a=b']}]}\n")[1] == []


def test_grouping_at_the_top_is_refused_too() -> None:
    _, problems = read("route: {desk: ops}\ninhibit_rules: []\n")
    (line,) = problems
    assert line.startswith("routes.yaml:11:1 inhibit_rules is not there: news is told once, at once")


def test_every_problem_of_a_file_is_shown_at_once(tmp_path: Path) -> None:
    (tmp_path / "routes.yaml").write_text(
        HEAD.replace("[public]", "Public") + "route: {desk: fy, receivers: [x]}\nrout: 1\n"
    )
    with pytest.raises(ConfigurationError) as caught:
        load_routes(tmp_path)
    assert [line.split(" ")[0] for line in caught.value.problems] == [
        "routes.yaml:9:22", "routes.yaml:10:15", "routes.yaml:10:31", "routes.yaml:11:1",
    ]  # fmt: skip
