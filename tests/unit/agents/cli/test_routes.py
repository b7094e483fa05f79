import json
from pathlib import Path

import pytest

from tests.support.command_line import Tocsin

ROUTES = (
    "version: 1\nreceivers: {console: {type: console}}\ndesks: {fx: {permissions: [public]}, ops: {permissions: []}}\n"
    "time_intervals: {night: {times: ['22:00-06:00'], location: UTC}}\n"
    "route:\n  routes:\n    - {matchers: ['topic=trade'], desk: fx, receivers: [console],\n"
    "       mute_time_intervals: [night]}\n"
    "    - {matchers: ['topic=ops'], desk: ops}\n"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, tocsin: Tocsin) -> Path:  # noqa: ARG001 - makes the folder
    """The folder tocsin.d with routes."""
    found = tmp_path / "tocsin.d"
    (found / "routes.yaml").write_text(ROUTES)
    return found


def test_routes_are_checked(tocsin: Tocsin) -> None:
    assert json.loads(tocsin("routes", "check", "--json").out) == {
        "desks": ["fx", "ops"],
        "receivers": ["console"],
        "nodes": 3,
        "secrets_lacking": [],
    }


@pytest.mark.parametrize(
    ("labels", "at", "outcome", "why"),
    [
        pytest.param("topic=trade", "2026-03-02T12:00Z", "told", "every condition on its way holds", id="by day"),
        pytest.param(
            "topic=trade", "2026-03-02T23:00", "quiet_hours", "muted by night at 2026-03-02 23:00", id="night"
        ),
        pytest.param("topic=trade", "2026-03-02T08:00+09:00", "quiet_hours", "2026-03-01 23:00 UTC", id="a zone"),
        pytest.param("topic=trade,permission=x", "2026-03-02T12:00Z", "not_permitted", "holds public, tocsin", id="x"),
        pytest.param("topic=none", "2026-03-02T12:00Z", "no_route", "no desk stands on its way", id="no desk"),
    ],
)
def test_a_way_through_the_tree_says_why(tocsin: Tocsin, labels: str, at: str, outcome: str, why: str) -> None:
    said = tocsin("routes", "test", "--labels", labels, "--at", at, "--json")
    row = json.loads(said.out)
    assert row["outcome"] == outcome
    assert why in row["why"]
    assert said.code == (0 if outcome == "told" else 1)


@pytest.mark.parametrize(
    ("urgency", "expected"), [("flash", ["console after 120 s"]), ("urgent", [])], ids=["a flash", "less"]
)
def test_the_steps_that_an_alert_would_go_up_are_shown(
    tocsin: Tocsin, folder: Path, urgency: str, expected: list[str]
) -> None:
    (folder / "routes.yaml").write_text(
        "version: 1\nreceivers: {console: {type: console}}\ndesks: {fx: {permissions: [public]}}\n"
        "route: {desk: fx, escalate: {unacked_for: 2m, to: [console]}}\n"
    )
    row = json.loads(tocsin("routes", "test", "--labels", f"urgency={urgency}", "--json").out)
    assert (row["receivers"], row["escalates"]) == ([], expected)


def test_the_path_through_the_tree_is_shown(tocsin: Tocsin) -> None:
    said = tocsin("routes", "test", "--labels", "topic=ops", "--at", "2026-03-02T12:00Z")
    assert 'route > topic="ops"' in said.out


@pytest.mark.parametrize(
    "arguments",
    [pytest.param(("--labels", "x"), id="no label"), pytest.param(("--labels", "a=b", "--at", "noon"), id="at")],
)
def test_a_way_that_cannot_be_asked_for_is_exit_2(tocsin: Tocsin, arguments: tuple[str, ...]) -> None:
    assert tocsin("routes", "test", *arguments).code == 2
