from streams.ids import DeskId
from streams.routing.decide import AGAIN, decide
from streams.routing.told import DeskStory
from tests.support.alerting import NOW, alert, moment


def test_a_desk_that_was_told_at_a_higher_offset_of_a_topic_that_was_made_anew_is_told_again() -> None:
    known = DeskStory(desk="fx", story_id="5t0ry", decided_offset=900, decided_at=NOW - 2 * AGAIN)

    assert [one.routing.decision for one in decide(alert(), moment(offset=3), {DeskId("fx"): known})] == ["told"]
    before = known.model_copy(update={"decided_at": NOW - AGAIN / 2})
    assert decide(alert(), moment(offset=3), {DeskId("fx"): before}) == ()


def test_a_desk_story_without_its_time_goes_by_its_offset() -> None:
    known = DeskStory(desk="fx", story_id="5t0ry", decided_offset=900)

    assert decide(alert(), moment(offset=3), {DeskId("fx"): known}) == ()
