import pytest

from streams.alerts.alert import Relation
from streams.matching.match import Facts, Markers, Match
from tests.support.alerting import TITLE, Stage, match

PARAPHRASE = "Rare earths exports halted by China"
DISTANT = "Shares of magnet makers jump in Shanghai as traders fear that exports of China will stall for months"
ENTITIES = ("china", "us")
MARKED = {
    "retract": Markers(retract=True, correction=True, update=2),
    "correction": Markers(correction=True, update=2),
    "update": Markers(update=2),
}


def first(**fields: object) -> Match:
    given = {"entities": ENTITIES, "numbers": ["54"], "extra": {"text_hash": "t1"}}
    return match("a1", **{**given, **fields})  # type: ignore[arg-type] # any field


def second(title: str = PARAPHRASE, **fields: object) -> Match:
    given = {"entities": ENTITIES, "numbers": ["54"], "title": title, "extra": {"text_hash": "t2"}}
    return match(str(fields.pop("article_id", "a2")), **{**given, **fields})  # type: ignore[arg-type] # any field


@pytest.mark.parametrize(
    ("given", "relation"),
    [
        pytest.param(second(extra={"markers": MARKED["retract"]}), "retract", id="retracted, whatever else is said"),
        pytest.param(second(extra={"markers": MARKED["correction"]}), "correction", id="corrected"),
        pytest.param(second(extra={"markers": MARKED["update"]}), "update", id="UPDATE 2"),
        pytest.param(second(numbers=["60"]), "update", id="a new number"),
        pytest.param(second(facts=Facts(percentages=("100%",))), "update", id="a new percentage"),
        pytest.param(second(facts=Facts(money=("USD 5e9",))), "update", id="a new sum"),
        pytest.param(second(facts=Facts(dates=("2025-11-01",))), "update", id="a new date"),
        pytest.param(second(facts=Facts(negations=("not halt",))), "update", id="a negation flip"),
        pytest.param(second(entities=(*ENTITIES, "eu")), "update", id="a new entity"),
        pytest.param(second(numbers=["60"], extra={"text_hash": "t1"}), "update", id="new in a copied text"),
        pytest.param(second(extra={"text_hash": "t1"}), "copy", id="an equal text"),
        pytest.param(second(), "confirmation", id="nothing new"),
    ],
)
def test_the_first_that_holds_is_the_label(given: Match, relation: str) -> None:
    stage = Stage()
    opening = stage.alert(first())

    alert = stage.alert(given)

    assert opening.relation is Relation.FIRST
    assert opening.compared_with is None
    assert alert.relation == relation
    assert alert.story_id == opening.story_id
    assert alert.compared_with is not None
    assert alert.compared_with.article_id == "a1"


def test_what_is_new_is_named() -> None:
    stage = Stage()
    stage.alert(first())
    more = Facts(numbers=("54", "60"), negations=("not halt",))

    alert = stage.alert(second(facts=more, entities=(*ENTITIES, "eu"), extra={"markers": MARKED["update"]}))

    assert [(token.kind, token.value) for token in alert.whats_new] == [
        ("number", "60"),
        ("entity", "eu"),
        ("negation", "not halt"),
        ("update", "2"),
    ]


def test_a_confirmation_is_firm_when_near_and_loose_when_it_may_be_another_event() -> None:
    stage = Stage()
    stage.alert(first())

    near, far = (
        stage.alert(second()),
        stage.alert(second(DISTANT, article_id="a3", extra={"text_hash": "t3"}, entities=["china"])),
    )

    assert (near.relation, near.firm) == (Relation.CONFIRMATION, True)
    assert (far.relation, far.firm) == (Relation.CONFIRMATION, False)
    assert far.similarity is not None
    assert 0.25 <= far.similarity < 0.50


@pytest.mark.parametrize(
    ("fields", "relation"),
    [
        pytest.param({"numbers": ["45"]}, "correction", id="a number changed"),
        pytest.param({"numbers": []}, "copy", id="a number of the body is gone"),
        pytest.param({"entities": ("china", "eu")}, "correction", id="an entity changed"),
        pytest.param({"facts": Facts(numbers=("54",), negations=("not halt",))}, "correction", id="a negation came"),
        pytest.param({"numbers": ["54", "60"]}, "update", id="a number was added"),
        pytest.param({"extra": {"text_hash": "t3"}}, "confirmation", id="other words"),
        pytest.param({}, "copy", id="nothing but the revision"),
    ],
)
def test_a_revision_that_changes_what_it_told_is_a_correction(fields: dict[str, object], relation: str) -> None:
    stage = Stage()
    stage.alert(first())

    alert = stage.alert(first(revision="2-0b0b0b0b", kind="updated", **fields))

    assert alert.relation == relation


def test_a_confirmation_names_every_permission_that_it_rests_on() -> None:
    stage = Stage()
    stage.alert(first(permission="reuters"))
    stage.alert(second(permission="dow_jones", numbers=["54", "60"]))

    alert = stage.alert(match("a3", title=TITLE, entities=ENTITIES, numbers=["54", "60"]))

    assert alert.relation is Relation.CONFIRMATION
    assert alert.compared_with is not None
    assert alert.compared_with.needs == ("dow_jones", "reuters")


def test_what_a_source_of_the_same_permission_told_needs_no_other() -> None:
    stage = Stage()
    stage.alert(first(permission="reuters"))
    stage.alert(second())

    alert = stage.alert(match("a3", title=TITLE, entities=ENTITIES, numbers=["54"]))

    assert alert.compared_with is not None
    assert (alert.compared_with.permission, alert.compared_with.needs) == ("public", ("public",))


def test_without_facts_it_is_compared_with_a_source_of_its_own_permission_if_there_is_one() -> None:
    stage = Stage()
    stage.alert(match("a1", permission="reuters"))
    hidden = stage.alert(match("a2", title=PARAPHRASE))
    seen = stage.alert(match("a3", title=PARAPHRASE + " today"))

    assert hidden.compared_with is not None
    assert seen.compared_with is not None
    assert (hidden.compared_with.article_id, seen.compared_with.article_id) == ("a1", "a2")


DPA, OWN, REUTERS = ({"permission": permission} for permission in ("dpa", "public", "reuters"))
IN_BODY = Facts(numbers=("60",), background=("numbers 60",))


@pytest.mark.parametrize(
    ("told", "given", "expected"),
    [
        pytest.param([DPA | {"numbers": ["60"]}], {"numbers": ["60"]}, [("60", "dpa")], id="by another"),
        pytest.param(
            [REUTERS | {"numbers": ["60"]}, DPA | {"numbers": ["60"]}],
            {"numbers": ["60"]},
            [("60", "dpa", "reuters")],
            id="by two others",
        ),
        pytest.param([DPA | {"numbers": ["60"]}, OWN | {"numbers": ["60"]}], {"numbers": ["60"]}, [], id="by its own"),
        pytest.param(
            [DPA | {"numbers": ["11980000"]}], {"numbers": ["12000000"]}, [("12000000", "dpa")], id="in another form"
        ),
        pytest.param(
            [OWN | {"numbers": ["11980000"]}, DPA | {"numbers": ["12000000"]}],
            {"numbers": ["12000000"]},
            [],
            id="by its own in another form",
        ),
        pytest.param([], {"numbers": ["60"]}, [], id="by nobody: it is new to all"),
        pytest.param([DPA | {"numbers": ["60"]}], {"facts": IN_BODY}, [], id="by another, but this one does not lead"),
        pytest.param(
            [DPA | {"facts": Facts(dates=("2025-10-26",))}], {"facts": Facts(dates=("2025-10-26",))}, [], id="its day"
        ),
        pytest.param(
            [DPA | {"numbers": [str(number) for number in range(60, 80)]}],
            {"numbers": [str(number) for number in range(60, 80)]},
            [(str(number), "dpa") for number in range(60, 66)],
            id="as many of one permission as a desk is shown",
        ),
    ],
)
def test_what_was_told_under_other_permissions_alone_is_noted_with_these(
    told: list[dict[str, object]], given: dict[str, object], expected: list[tuple[str, ...]]
) -> None:
    stage = Stage()
    stage.alert(second(article_id="a0", numbers=[]))
    for number, one in enumerate(told, 1):
        stage.alert(second(article_id=f"a{number}", **{"numbers": [], **one}))

    alert = stage.alert(second(article_id="a9", **{"numbers": [], **given}))

    assert [(fact.value, *fact.permissions) for fact in alert.told_before] == expected


def test_what_was_told_elsewhere_keeps_its_place_among_what_is_new() -> None:
    stage = Stage()
    stage.alert(second(article_id="a0", numbers=[]))
    stage.alert(second(article_id="a1", numbers=["60", "80"], permission="dpa"))

    alert = stage.alert(second(article_id="a2", facts=Facts(numbers=("60", "70", "80"), percentages=("5%",))))

    assert [token.value for token in alert.whats_new] == ["5%", "70"]
    assert [(told.value, told.behind) for told in alert.told_before] == [("60", 0), ("80", 1)]
