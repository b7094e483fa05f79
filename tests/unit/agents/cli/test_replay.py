from datetime import UTC, datetime, timedelta

import pytest
import typer

from agents.cli.replaying.alerts import Comparison
from agents.cli.replaying.alerts import Recorded as RecordedAlerts
from agents.cli.replaying.checkpoint import Kept, _cure
from agents.cli.replaying.difference import MOST_KEPT, Account, Kind, digest, fields_that_differ
from agents.cli.replaying.matches import MATCHERS_KEPT, Recorded, Rulebook
from agents.cli.replaying.reading import Times, moment
from agents.kafka import Incoming
from streams.stories.checkpoint import CheckpointHead
from streams.topics import ARTICLES, RULES
from tests.support.alerting import NOW, match, read_as
from tests.support.command_line import command_line
from tests.support.matching import article, change

DAY = Times(NOW, NOW + timedelta(days=1))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        pytest.param("2025-10-26", datetime(2025, 10, 26, tzinfo=UTC), id="a day"),
        pytest.param("2025-10-26T07:41Z", datetime(2025, 10, 26, 7, 41, tzinfo=UTC), id="UTC"),
        pytest.param("2025-10-26T07:41:00.250", datetime(2025, 10, 26, 7, 41, 0, 250_000, UTC), id="no zone"),
        pytest.param("2025-10-26T09:41+02:00", datetime(2025, 10, 26, 7, 41, tzinfo=UTC), id="a zone"),
    ],
)
def test_a_time_is_read_as_people_write_it(text: str, at: datetime) -> None:
    assert moment(text) == at


def test_what_is_no_time_is_told_with_one_that_is() -> None:
    with pytest.raises(typer.BadParameter, match=r"yesterday.*such as 2025-10-26T07:41Z"):
        moment("yesterday")


def test_times_hold_their_beginning_and_not_their_end() -> None:
    assert NOW in DAY
    assert DAY.end not in DAY


@pytest.mark.parametrize(
    ("recorded", "made", "fields"),
    [
        pytest.param(b'{"a":1,"b":{"c":[1,2]}}', b'{"a":1,"b":{"c":[1,3]}}', ["b.c[1]"], id="deep"),
        pytest.param(b'{"a":[1]}', b'{"a":[1,2]}', ["a"], id="another length"),
        pytest.param(b'{"a":1}', b'{"b":1}', ["a", "b"], id="other names"),
        pytest.param(b'{"a":1,"b":2}', b'{"b":2,"a":1}', ["bytes"], id="another order"),
        pytest.param(b"null", b'{"a":1}', [""], id="nothing"),
    ],
)
def test_the_fields_that_differ_are_named(recorded: bytes, made: bytes, fields: list[str]) -> None:
    assert fields_that_differ(recorded, made) == fields


def test_every_difference_is_counted_and_the_first_are_kept() -> None:
    account = Account("alert", equal=3)
    assert not account.differs
    for number in range(MOST_KEPT + 5):
        account.add(Kind.EXTRA, str(number), "now")
    assert account.differs
    assert (account.counts[Kind.EXTRA], len(account.listed)) == (MOST_KEPT + 5, MOST_KEPT)


def test_each_copy_that_was_recorded_has_to_be_equal() -> None:
    name, good, bad = ("e1", "t"), digest(b"good"), digest(b"bad")
    comparison = Comparison(RecordedAlerts(DAY, {name: ((good, (0, 1)), (bad, (0, 2)))}))

    comparison.add(name, b"good")
    comparison.add(name, b"good")

    assert comparison.different == [(name, b"good", (0, 2))]
    assert comparison.account.equal == 0


def test_an_alert_that_is_not_recorded_yet_waits_for_the_end() -> None:
    comparison = Comparison(RecordedAlerts(DAY))
    comparison.add(("e1", "t"), b"{}")
    assert comparison.early == {("e1", "t"): b"{}"}


def test_only_so_many_different_values_are_kept() -> None:
    names = [(f"e{number}", "t") for number in range(MOST_KEPT + 2)]
    comparison = Comparison(RecordedAlerts(DAY, dict.fromkeys(names, ((b"", (0, 0)),))))
    for name in names:
        comparison.add(name, b"x")
    assert (len(comparison.different), comparison.unlisted) == (MOST_KEPT, 2)


def head(part: int, parts: int = 0) -> CheckpointHead:
    return CheckpointHead(at=NOW, matches_offset=7, part=part, parts=parts)


def test_a_checkpoint_is_complete_with_its_last_part_and_each_before_it() -> None:
    kept = Kept(head(0))
    seen = []
    for offset, part in enumerate([head(0), head(2, 3), head(0), head(1)]):
        kept.add(part, offset)
        seen.append(kept.complete)
    assert seen == [False, False, False, True]
    assert kept.offsets == {0: 0, 2: 1, 1: 3}


def test_without_a_checkpoint_that_is_old_enough_the_cure_is_told() -> None:
    assert "written with the first match of each UTC day" in _cure([], DAY)
    assert "give --from 2025-10-26T07:41:00.000Z" in _cure([Kept(head(0))], DAY)


def rule(number: int, *, at: datetime = NOW) -> Incoming:
    base = f"r-{number - 1}" if number else None
    return read_as(
        RULES, change("rule", "r", {"query": f"word{number}"}, base=base, number=number), key="r", offset=number, at=at
    )


def test_each_version_of_the_rules_is_as_it_was_in_any_order() -> None:
    rules = Rulebook()
    for number in range(8):
        rules.take(rule(number, at=NOW + timedelta(hours=number)))
    rules.take(read_as(RULES, match(), key="poison", offset=8))

    for version in (7, 0, 3, 5, 1, 7, 2, 6, 4, -1):
        matched = [number for number in range(8) if rules.matcher(version).match(article(f"word{number}")).rules]
        assert matched == ([version] if version >= 0 else [])
    assert len(rules._matchers) == MATCHERS_KEPT
    assert rules.versions(3, 5) == [3, 4, 5]
    assert rules.versions(6, None) == [6, 7]
    assert (rules.at(NOW - timedelta(hours=1)), rules.at(NOW + timedelta(hours=2.5))) == (-1, 2)


def test_the_neighbours_of_an_article_tell_under_which_rules_it_was_matched() -> None:
    recorded = Recorded(DAY)
    number = ARTICLES.partition("a1")
    minutes = {5: (1, 2), 6: (10, 20), 9: (30, 40)}
    recorded.seen = {
        (number, version): (NOW + timedelta(minutes=first), NOW + timedelta(minutes=last))
        for version, (first, last) in minutes.items()
    } | {(number + 1, 77): (DAY.begin, DAY.end)}

    def between(minute: float) -> tuple[int, int | None]:
        return recorded.between(number, NOW + timedelta(minutes=minute))

    assert between(0) == (-1, 5)
    assert between(10) == between(15) == (6, 6)
    assert between(25) == (6, 9)
    assert between(50) == (9, None)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        pytest.param(["--from", "2025-10-27", "--to", "2025-10-26"], "--to must be later", id="backwards"),
        pytest.param(["--from", "2025-10-27", "--into", "A B"], "small letters", id="name"),
        pytest.param(
            ["--from", "2025-10-27", "--into", "x", "--stage", "match"], "takes alerts", id="into for matches"
        ),
    ],
)
def test_arguments_that_make_no_sense_are_refused(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = command_line(capsys)("replay", *arguments, "--bootstrap", "127.0.0.1:1")
    assert said.code != 0
    assert why in said.err
