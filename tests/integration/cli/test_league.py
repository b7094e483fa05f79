import asyncio
import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from agents.kafka import Outgoing, Producer, outgoing
from config.settings import load_settings
from streams.alerts.alert import AlertSource, DeskAlert, Relation
from streams.ids import DeskId
from streams.topics import desk_topic
from tests.support.alerting import NOW, alert
from tests.support.command_line import Tocsin
from tests.support.racing import source

pytestmark = pytest.mark.kafka
ROUTES = """\
version: 1
receivers: {console: {type: console}}
desks: {fx: {permissions: [public]}, gold: {permissions: [public, reuters]}}
route: {desk: fx, receivers: [console], routes: [{desk: gold, receivers: [console]}]}
"""


@pytest.fixture(autouse=True)
def applied(tocsin: Tocsin, tmp_path: Path) -> None:
    """Two desks, of which one alone may see Reuters."""
    (tmp_path / "tocsin.d/routes.yaml").write_text(ROUTES)
    for group in ("topics", "routes"):
        said = tocsin(group, "apply")
        assert said.code == 0, said.err


def shown(desk: str, *sources: AlertSource, story: str = "s1") -> Outgoing:
    given = alert(story=story, extra={"sources": sources})
    seen = DeskAlert(**given.model_dump(), desk=DeskId(desk), told_as=Relation.FIRST, routes_version="v1")
    return outgoing(desk_topic(desk), seen, key=story, ce_id=f"{story}@{desk}", stage="test", at=NOW)


def deliver(outputs: Iterable[Outgoing]) -> None:
    async def run() -> None:
        producer = Producer(load_settings())
        await producer.start()
        await producer.deliver(list(outputs))
        await producer.stop()

    asyncio.run(run())


def test_the_league_is_each_desks_own(tocsin: Tocsin) -> None:
    sources = [source("Reuters", permission="reuters"), source("BBC", 42, looked_s=20), source("AFP", 50, looked_s=5)]
    deliver([shown("fx", *sources), shown("gold", sources[0]), shown("gold", *sources)])  # a record from before its
    # desk lost a permission still names the source; the league does not

    rows = [json.loads(line) for line in tocsin("alerts", "league", "--json", "--rule", "rare-earths").out.splitlines()]

    won = [(row["desk"], row["source"], row["stories"], row["first"], row["proven"], row["ahead_s"]) for row in rows]
    assert won == [
        ("fx", "BBC", 1, 1, 1, 8),
        ("fx", "AFP", 1, 0, 0, None),
        ("gold", "Reuters", 1, 1, 1, 42),
        ("gold", "AFP", 1, 0, 0, None),
        ("gold", "BBC", 1, 0, 0, None),
    ]


def test_a_trader_reads_a_table(tocsin: Tocsin) -> None:
    deliver([shown("fx", source("BBC"), source("AFP", 8)), shown("fx", source("AFP"), story="s2")])

    lines = tocsin("alerts", "league", "--desk", "fx").out.splitlines()

    assert [" ".join(line.split()) for line in lines[:3]] == [
        "desk rule source stories races first win tied proven ahead behind 90 % says first seen after",
        "fx (all) BBC 1 1 1 100% 0 0 8000 ms - - - -",
        "fx (all) AFP 2 1 0 0% 0 0 - 8000 ms 8000 ms - -",
    ]
    assert len(lines) == 5


def test_what_is_older_than_asked_for_and_what_is_not_there_is_left_out(tocsin: Tocsin) -> None:
    deliver([shown("fx", source("BBC"), source("AFP", 8))])

    assert tocsin("alerts", "league", "--since", "0s").out == (
        "no story in 0s; the sample wire's are left out: --samples counts them\n"
    )
    assert tocsin("alerts", "league", "--since", "0s", "--samples").out == "no story in 0s\n"
    assert tocsin("alerts", "league", "--rule", "oil").out.startswith("no story of the rule oil in 7d; ")


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        pytest.param(["--since", "soon"], 2, '"soon" is no duration', id="no duration"),
        pytest.param(["--since", "999999999d"], 2, "Invalid value", id="before the calendar"),
        pytest.param(["--desk", "oil"], 78, 'no desk "oil" is live: there are fx, gold', id="no such desk"),
    ],
)
def test_what_cannot_be_asked_is_said(tocsin: Tocsin, given: list[str], code: int, said: str) -> None:
    answer = tocsin("alerts", "league", *given)

    assert answer.code == code
    assert said in answer.err
