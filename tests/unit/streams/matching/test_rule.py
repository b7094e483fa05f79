from streams.ids import ChangeId
from streams.matching.rule import Urgency, change_id
from tests.support.matching import change


def test_urgencies_have_an_order() -> None:
    assert sorted(Urgency, key=lambda urgency: urgency.rank) == [Urgency.ROUTINE, Urgency.URGENT, Urgency.FLASH]


def test_the_same_body_upon_the_same_base_is_the_same_change() -> None:
    first = change_id("rule", "a", None, "{}")
    assert first == change_id("rule", "a", None, "{}")
    others = {
        change_id("list", "a", None, "{}"), change_id("rule", "b", None, "{}"),
        change_id("rule", "a", ChangeId("x"), "{}"), change_id("rule", "a", None, "[]"),
    }  # fmt: skip
    assert len({first, *others}) == 5


def test_every_version_has_a_key_of_its_own() -> None:
    assert change("rule", "a", {}, number=2).key == "rule/a@a-2"
