"""`tocsin explain` and `tocsin alerts list --suppressed` on what the stages themselves wrote."""

import fcntl
import json
import os
import re
import struct
import subprocess
import sys
import termios
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex

import pytest

from agents.broker.server import Broker
from config.settings import Settings
from streams.articles.notes import heartbeat
from tests.support.children import Children
from tests.support.command_line import Tocsin, command_line
from tests.support.newsroom import Newsroom

BEGAN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LATER = timedelta(seconds=12)
LONG = 120
ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.kafka
TITLE = "China halts rare earths exports to the United States, effective at once, as trade talks in Geneva break down"
FILES = {
    "feeds": "version: 1\nfeeds: [{id: a, url: 'https://a.test/', publisher: A}]\n",
    "entities": "version: 1\nentities:\n  - {id: china, type: country, names: {en: [China]}}\n"
    "  - {id: usa, type: country, names: {en: [United States]}}\n",
    "rules": "version: 1\nrules:\n"
    "  - {id: rare-earths, query: '@china AND \"rare earths\" AND NOT concert', urgency: urgent,\n"
    "     labels: {topic: trade}}\n"
    "  - {id: talks, query: 'talks AND (Geneva OR Vienna)', urgency: routine, labels: {topic: trade}}\n"
    "  - {id: oil, query: 'oil OR crude', urgency: flash, labels: {topic: energy}}\n",
    "routes": "version: 1\nreceivers: {console: {type: console}}\n"
    "time_intervals: {always: {times: ['00:00-24:00']}}\n"
    "desks:\n  fx: {permissions: [public]}\n  wire: {permissions: [public, reuters]}\n"
    "  night: {permissions: [public]}\n  energy: {permissions: [public]}\n"
    "route:\n  desk: wire\n  routes:\n"
    "    - {matchers: ['topic=trade'], desk: fx, receivers: [console], continue: true}\n"
    "    - {matchers: ['topic=trade'], desk: night, mute_time_intervals: [always], continue: true}\n"
    "    - {matchers: ['topic=trade'], desk: wire, receivers: [console]}\n"
    "    - {matchers: ['topic=energy'], desk: energy}\n",
}


@pytest.fixture(scope="module")
def newsroom(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two articles on one story, the first of them for few; a third; and a silence upon talks at one desk."""
    folder = tmp_path_factory.mktemp("newsroom")
    for name, text in FILES.items():
        (folder / f"{name}.yaml").write_text(text)
    children = Children(folder, broker.bootstrap, f"t{token_hex(4)}.", {"TOCSIN_USER": "ann"})
    children.apply()
    muted = ("--target", "rule=talks", "--desk", "fx", "--for", "8h", "--comment", "too many talks")
    children.tocsin("silences", "add", *muted)
    settings = Settings(bootstrap=children.bootstrap, topic_prefix=children.prefix)
    room = Newsroom(settings)
    room.publish(
        room.article("a1", TITLE, publisher="Reuters", permission="reuters", body="Officials said so in Vienna. " * 40),
        room.article("a2", TITLE, body="It is about China's rare earths, officials said. " * 20, after=LATER),
        room.article("a3", "Floods displace thousands in Bangladesh", after=LATER),
        *(room.article(f"many{number}", "Floods") for number in range(11)),
        heartbeat(3, now=BEGAN),
    )
    room.deliver_all(after=timedelta(milliseconds=3.5))
    return settings


@pytest.fixture
def tocsin(newsroom: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Tocsin:
    for name in [name for name in os.environ if name.startswith("TOCSIN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TOCSIN_BOOTSTRAP", str(newsroom.bootstrap))
    monkeypatch.setenv("TOCSIN_TOPIC_PREFIX", newsroom.topic_prefix)
    return command_line(capsys)


def test_an_alert_is_explained_from_the_words_to_the_desk(tocsin: Tocsin) -> None:
    said = tocsin("explain", "a2", "--desk", "fx")

    assert said.code == 0, said.err
    for line in (
        "article a2 1-0a0a0a0a",
        "  title   [China] halts [rare earths] exports to the United States",
        '            yes @china AND "rare earths" AND NOT concert <- title "China", title "rare earths"',
        'body "China" x 20, body "rare earths" x 20',
        "                no Vienna",
        "is        confirmation: compared with a1 of Reuters, with the same headline, similarity to the story 1.00",
        "rule      rare-earths urgent, its alert 2 of the story: the rule says urgent",
        "took      first seen 0.0 ms, fetched 12,000.0 ms, produced 5.0 ms, matched 2.0 ms, alerted 1.0 ms",
        "desk fx: told as first through console",
        "why       rare-earths: urgent, 1 entity (china), not told before",
        "          talks: silenced by ann until",
        "needs     public; the desk holds public, tocsin",
        ': "too many talks"',
        '            route > topic="trade": reached, to console',
        "sent      console: delivered after 1 attempt: written, 3.5 ms after it was routed",
    ):
        assert line in said.out
    assert "desk wire" not in said.out
    assert max(map(len, said.out.splitlines())) > LONG, "in a pipe nothing is cut or wrapped"


def test_each_reason_not_to_tell_a_desk_is_explained(tocsin: Tocsin) -> None:
    said = tocsin("explain", "a2").out
    sections = {part.partition(":")[0]: part for part in said.split("\n\n") if part.startswith("desk")}

    assert "quiet hours always" in sections["desk night"]
    assert 'route > topic="energy": not asked, as route > topic="trade" took it' in sections["desk energy"]
    assert "told from Reuters" in sections["desk wire"]
    assert "known as confirmation" in sections["desk wire"]
    assert 'needs the permission "reuters"' in tocsin("explain", "a1", "--desk", "fx").out
    unknown = tocsin("explain", "a1", "--desk", "nobody")
    assert (unknown.code, unknown.err) == (78, 'no desk "nobody" is live: there are energy, fx, night, wire\n')


def test_an_article_that_no_rule_found_says_which_clause_failed(tocsin: Tocsin) -> None:
    assert "no rule holds: 3 were tried" in tocsin("explain", "a3").out
    said = tocsin("explain", "a3", "--rule", "rare-earths").out
    assert 'rare-earths does not hold (rules as of 4), as this failed: @china; "rare earths"' in said
    assert "talks does not hold" in tocsin("explain", "a3", "--rule", "talks").out
    named = tocsin("explain", "a3", "--rule", "rare-earth")
    assert named.code == 78
    assert 'no rule "rare-earth" in the rules as of 4 (did you mean rare-earths?)' in named.err


def test_what_is_not_there_says_where_it_was_looked_for(tocsin: Tocsin) -> None:
    said = tocsin("explain", "nope")
    assert said.code == 78
    assert "no article or alert nope: looked at articles (15 records since 20" in said.err
    assert " and alerts (3 records since 20" in said.err
    assert "no alert nope: looked at alerts (3 records since 20" in tocsin("alerts", "show", "nope").err


def test_what_a_desk_was_not_told_is_listed_with_its_headline_and_the_sentence_why(tocsin: Tocsin) -> None:
    rows = [json.loads(line) for line in tocsin("alerts", "list", "--suppressed", "--json").out.splitlines()]
    assert sorted((row["desk"], row["decision"]) for row in rows) == [
        ("energy", "no_route"), ("energy", "not_permitted"), ("fx", "not_permitted"),
        ("night", "not_permitted"), ("night", "quiet_hours"), ("wire", "known"),
    ]  # fmt: skip
    assert {row["title"] for row in rows} == {TITLE}
    assert all(row["reason"] for row in rows)
    said = tocsin("alerts", "list", "--suppressed").out
    assert sorted(re.findall(r" UTC, (.*)", said)) == [
        "energy: not_permitted", "fx: not_permitted", "night: not_permitted", "night: quiet_hours", "wire: known",
    ]  # fmt: skip
    assert said.endswith("\n\nno_route  1 for energy: --reason no_route lists them\n")
    said = tocsin("alerts", "list", "--reason", "no_route").out
    assert re.findall(r" UTC, (.*)", said) == ["energy: no_route"]
    assert "lists them" not in said
    assert tocsin("alerts", "list", "--reason", "told").code == 2
    said = tocsin("alerts", "list", "--suppressed", "--desk", "fx", "--rule", "talks", "--since", "1h").out
    assert "UTC, fx: silenced for talks\nwhat      BBC: China halts" in said
    assert "why       talks: silenced by ann until" in said
    assert "not told before" not in said
    assert tocsin("alerts", "list", "--suppressed", "--since", "0s").out.startswith(
        "none; looked at routings (8 records since"
    )
    assert tocsin("alerts", "list", "--since", "0s").out == "no alert in 0s\n"
    assert tocsin("alerts", "list", "--suppressed", "--since", "soon").code == 2
    assert tocsin("alerts", "list", "--suppressed", "--desk", "fy").code == 78


def test_a_heartbeat_is_no_article_that_a_rule_missed(tocsin: Tocsin) -> None:
    said = tocsin("explain", heartbeat(3, now=BEGAN).article_id).out
    assert "match     none: a heartbeat goes through every stage to every desk" in said
    assert "desk" not in said.split("every desk, and no rule is asked")[1]


def test_too_short_a_beginning_of_an_id_is_refused(tocsin: Tocsin) -> None:
    said = tocsin("explain", "many")
    assert (said.code, said.err) == (78, "11 articles' ids begin with many: give more of the id\n")


@pytest.mark.usefixtures("tocsin")
@pytest.mark.parametrize("columns", [80, 120])
def test_it_fits_a_terminal(columns: int) -> None:
    for command in (("explain", "a2"), ("alerts", "list", "--suppressed")):
        shown = on_terminal(columns, *command)
        assert "the United States" in shown
        assert max(map(len, shown.splitlines())) < columns


def on_terminal(columns: int, *command: str) -> str:
    """Return what a command shows on a terminal of so many columns."""
    leader, follower = os.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    shown = bytearray()
    with subprocess.Popen(
        [sys.executable, "-m", "agents.cli.main", *command], stdout=follower, stderr=follower, env=environment
    ):
        os.close(follower)
        while True:
            try:
                read = os.read(leader, 65_536)
            except OSError:  # the other end is closed
                break
            if not read:
                break
            shown += read
    os.close(leader)
    return shown.decode().replace("\r\n", "\n")
