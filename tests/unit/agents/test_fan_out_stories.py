"""Stories as desks live through them: the alert stage's decisions and fan out, one after the other."""

from datetime import timedelta

import pytest

from streams.stories.clustering import Clusterer
from tests.support.told_twin import Twin, happen
from tests.support.told_world import Again, Happening, Live, Mute, News, Plan, Reroute, Unmute, Wait

FX, WIRE = Plan("fx"), Plan("wire", ("public", "reuters"))
FIRST = Reroute((FX, WIRE))
R1, R2, CHINA = ("r1", ()), ("r2", ()), ("r1", ("china",))
UNSEEN, KNOWN = "not_permitted", "known"
CORRECTED = News(article=1, revision=2, hits=(), says="correction")


def lived(*happenings: Happening) -> list[dict[str, str]]:
    """Return, for each article, as what each desk was told it, or why it was not."""
    live, found = Live(Clusterer(), FIRST), []
    for happening in happenings:
        live.at += timedelta(seconds=1)
        if not isinstance(happening, News):
            happen(happening, live, Twin())
        elif told := live.tell(happening):
            said = [one for one in live.answers.routings.values() if one.event_id == told[0].event_id]
            found.append({one.desk: str(one.told_as if one.decision == "told" else one.decision) for one in said})
    return found


@pytest.mark.parametrize(
    ("happenings", "last"),
    [
        pytest.param(
            [News(source="Reuters"), News(text="other")],
            {"fx": "first", "wire": KNOWN},
            id="who may not see the first source hears it from the second, as first",
        ),
        pytest.param(
            [News(source="Reuters", article=1), News(), News(source="Reuters", article=1, revision=2, says="retract")],
            {"fx": UNSEEN, "wire": "retract"},
            id="the kill of an article that a desk may not see is not for it: its own source stands by the story",
        ),
        pytest.param(
            [News(source="Reuters"), News(says="retract")],
            {"fx": "first", "wire": "retract"},
            id="a kill by another source reaches who was told of the story by the first",
        ),
        pytest.param(
            [News(hits=(R1,)), News(hits=(R2,), says="retract")],
            {"fx": "retract", "wire": "retract"},
            id="a kill that matches another rule",
        ),
        pytest.param(
            [News(article=1), CORRECTED],
            {"fx": "correction", "wire": "correction"},
            id="a correction that matches no more",
        ),
        pytest.param(
            [Mute(aim=("rule", "r1"), desk="fx"), News(article=1), Unmute(), CORRECTED],
            {"fx": "no_match", "wire": "correction"},
            id="a correction that matches no more, of what a desk was never told",
        ),
        pytest.param(
            [News(article=1), Again(), News(article=1), News(text="other")],
            {"fx": KNOWN, "wire": KNOWN},
            id="a match and an alert that come twice",
        ),
        pytest.param(
            [News(), Reroute((WIRE,)), News(hits=(CHINA,))],
            {"wire": "update"},
            id="a desk that was removed while the story is open",
        ),
        pytest.param(
            [News(), Reroute((WIRE,)), News(), FIRST, News()],
            {"fx": KNOWN, "wire": KNOWN},
            id="a desk that came back knows what it was told",
        ),
        pytest.param(
            [Reroute((WIRE,)), News(), FIRST, News()],
            {"fx": "first", "wire": KNOWN},
            id="a desk that was added while the story is open hears it as first",
        ),
        pytest.param(
            [News(hits=(R2,)), Reroute((Plan("fx", rules=("r1",)), WIRE)), News(hits=(R2, CHINA))],
            {"fx": "first", "wire": "first"},
            id="routes that change while the story is open",
        ),
        pytest.param(
            [News(), Mute(aim=("story", "-")), News(hits=(CHINA,)), Unmute(), News(hits=(CHINA,))],
            {"fx": "update", "wire": "update"},
            id="what was snoozed is told by the next article after the snooze",
        ),
        pytest.param(
            [News(), Mute(aim=("entity", "china"), lasts_min=10), Wait(9), News(hits=(CHINA,))],
            {"fx": "silenced", "wire": "silenced"},
            id="before the end of a snooze",
        ),
        pytest.param(
            [News(), Mute(aim=("entity", "china"), lasts_min=10), Wait(10), News(hits=(CHINA,))],
            {"fx": "update", "wire": "update"},
            id="after it",
        ),
        pytest.param(
            [Mute(aim=("topic", "trade"), desk="fx"), News(urgency="flash")],
            {"fx": "silenced", "wire": "first"},
            id="a silence holds back a flash too: somebody asked for it",
        ),
        pytest.param(
            [News(urgency="flash"), News(urgency="flash", age_min=20), News(urgency="flash")],
            {"fx": KNOWN, "wire": KNOWN},
            id="a late flash is no higher than the one that was told",
        ),
        pytest.param(
            [News(urgency="flash", age_min=20), News(urgency="flash")],
            {"fx": "update", "wire": "update"},
            id="a flash in time is news to who was told late",
        ),
    ],
)
def test_a_desk_lives_through_a_story(happenings: list[Happening], last: dict[str, str]) -> None:
    assert lived(*happenings)[-1] == last
