import pytest

from streams.alerts.alert import AlertSource, ComparedWith, NewToken, Related, Relation
from streams.routing.permission import Telling, as_seen_by, may_see, relation_for
from streams.stories.story import ToldBefore
from tests.support.alerting import NOW, alert, desk

ANY = Telling(told_as=Relation.UPDATE, rules={"rare-earths": 1}, late_by_s=None, routes_version="v1")
HIDDEN = ComparedWith(article_id="a0", permission="reuters")
SEEN = ComparedWith(article_id="a0", permission="public")


def test_a_desk_sees_nothing_that_it_holds_no_permission_for() -> None:
    assert may_see(desk("fx", "public"), "public")
    assert not may_see(desk("fx", "public"), "reuters")


@pytest.mark.parametrize(
    ("relation", "compared", "expected"),
    [
        pytest.param("copy", SEEN, "copy", id="a copy of what it sees"),
        pytest.param("copy", HIDDEN, "update", id="a copy of what it does not see"),
        pytest.param("confirmation", HIDDEN, "update", id="a confirmation of the same"),
        pytest.param(
            "confirmation", SEEN.model_copy(update={"needs": ("public", "reuters")}), "update", id="partly hidden"
        ),
        pytest.param("correction", HIDDEN, "correction", id="a correction stays one"),
        pytest.param("first", None, "copy", id="the first of a story that it knows is no news"),
    ],
)
def test_nothing_new_counts_as_update_for_who_cannot_know(
    relation: str, compared: ComparedWith | None, expected: str
) -> None:
    assert relation_for(desk(), alert(relation=relation, extra={"compared_with": compared})) == expected


def test_first_source_and_lags_are_computed_from_what_the_desk_sees() -> None:
    sources = (
        AlertSource(publisher="Reuters", permission="reuters", lag_s=0),
        AlertSource(publisher="BBC", permission="public", lag_s=3.1),
        AlertSource(publisher="AFP", permission="public", lag_s=7.4),
    )

    seen = as_seen_by(desk(), alert(extra={"sources": sources}), ANY)

    assert [(source.publisher, source.lag_s) for source in seen.sources] == [("BBC", 0), ("AFP", 4.3)]
    assert as_seen_by(desk("fx", "none"), alert(extra={"sources": sources}), ANY).sources == ()


def test_related_stories_of_unseen_sources_alone_are_not_named() -> None:
    related = (
        Related(story_id="s2", similarity=0.2, permissions=("reuters",)),
        Related(story_id="s3", similarity=0.1, permissions=("public", "reuters")),
    )

    seen = as_seen_by(desk(), alert(extra={"related": related}), ANY)

    assert seen.related == (Related(story_id="s3", similarity=0.1),)


def test_what_it_was_compared_with_is_hidden_from_who_may_not_see_it() -> None:
    given = alert(relation="confirmation", extra={"compared_with": HIDDEN, "similarity": 0.3, "firm": False})

    seen, whole = as_seen_by(desk(), given, ANY), as_seen_by(desk("fx", "reuters"), given, ANY)

    assert (seen.compared_with, seen.similarity, seen.firm, seen.relation) == (None, None, True, "update")
    assert (whole.compared_with, whole.similarity, whole.firm, whole.relation) == (HIDDEN, 0.3, False, "confirmation")


def test_only_the_rules_that_the_desk_is_shown_are_there_and_late_ones_are_urgent_at_most() -> None:
    given = alert(keys={"rare-earths": ["china"], "other": []}, urgency="flash")
    late = Telling(told_as=Relation.FIRST, rules={"rare-earths": 1}, late_by_s=700, routes_version="v1")

    seen = as_seen_by(desk(), given, late)

    assert [(rule.rule_id, rule.urgency) for rule in seen.rules] == [("rare-earths", "urgent")]
    assert (seen.told_as, seen.late_by_s, seen.routes_version) == ("first", 700, "v1")


def test_a_publisher_is_one_source_with_the_first_of_its_services_that_the_desk_sees() -> None:
    sources = (
        AlertSource(publisher="Reuters", permission="reuters", lag_s=0),
        AlertSource(publisher="Reuters", permission="public", lag_s=60),
        AlertSource(publisher="BBC", permission="public", lag_s=64),
    )
    given = alert(extra={"sources": sources})

    both = as_seen_by(desk("fx", "public", "reuters"), given, ANY)

    assert [(source.publisher, source.lag_s) for source in both.sources] == [("Reuters", 0), ("BBC", 64)]
    assert [source.lag_s for source in as_seen_by(desk(), given, ANY).sources] == [0, 4]


NUMBER = NewToken(value="60", kind="number")
MONEY = ToldBefore(value="USD 5000000000", kind="money", permissions=("dpa", "reuters"))


@pytest.mark.parametrize(
    ("held", "relation", "expected"),
    [
        pytest.param(("public",), "update", ["USD 5000000000", "60"], id="told by the unseen alone: new to the desk"),
        pytest.param(("public", "dpa"), "update", ["60"], id="told by one of those that it sees"),
    ],
)
def test_what_is_new_is_new_to_the_desk(held: tuple[str, ...], relation: str, expected: list[str]) -> None:
    given = alert(relation=relation, extra={"whats_new": (NUMBER,), "told_before": (MONEY,), "compared_with": SEEN})

    seen = as_seen_by(desk("fx", *held), given, ANY)

    assert [token.value for token in seen.whats_new] == expected
    assert seen.told_before == ()


def test_of_what_is_new_to_a_desk_it_is_shown_the_first_six() -> None:
    told = tuple(ToldBefore(value=str(number), kind="number", permissions=("dpa",)) for number in range(6))
    given = alert(relation="update", extra={"whats_new": (NewToken(value="eu", kind="entity"),), "told_before": told})

    assert [token.value for token in as_seen_by(desk(), given, ANY).whats_new] == ["0", "1", "2", "3", "4", "5"]


def test_what_is_new_stands_in_the_order_in_which_it_stands_for_others() -> None:
    new = (NewToken(value="5%", kind="percentage"), NewToken(value="70", kind="number"))
    told = tuple(
        ToldBefore(value=value, kind="number", permissions=("dpa",), behind=behind)
        for value, behind in (("60", 0), ("80", 1))
    )
    given = alert(relation="update", extra={"whats_new": new, "told_before": told})

    assert [token.value for token in as_seen_by(desk(), given, ANY).whats_new] == ["5%", "60", "70", "80"]


@pytest.mark.parametrize("relation", ["copy", "confirmation"])
def test_a_figure_that_the_unseen_alone_told_makes_a_copy_of_the_seen_an_update(relation: str) -> None:
    given = alert(
        relation=relation, extra={"told_before": (MONEY,), "compared_with": SEEN, "similarity": 0.9, "firm": False}
    )
    seen, whole = as_seen_by(desk(), given, ANY), as_seen_by(desk("fx", "public", "dpa"), given, ANY)

    assert relation_for(desk(), given) == "update"
    assert (seen.relation, seen.compared_with, seen.similarity) == ("update", None, None)
    assert relation_for(desk("fx", "public", "dpa"), given) == relation
    assert (whole.relation, whole.compared_with) == (relation, SEEN)


@pytest.mark.parametrize(
    ("held", "told_as", "expected"),
    [
        pytest.param(("public",), "first", [], id="what opens the story for the desk is not new beside the unseen"),
        pytest.param(("public", "dpa"), "first", ["60"], id="the first by a rule, of a story that the desk can see"),
        pytest.param(("public",), "update", ["60"], id="an update of the article itself"),
    ],
)
def test_nothing_is_called_new_where_all_is_new(held: tuple[str, ...], told_as: str, expected: list[str]) -> None:
    sources = (
        AlertSource(publisher="dpa", permission="dpa", lag_s=0, first_seen_at=NOW),
        AlertSource(publisher="Reuters", permission="public", lag_s=0, first_seen_at=NOW),
    )
    given = alert(relation="update", extra={"whats_new": (NUMBER,), "sources": sources})
    telling = Telling(told_as=Relation(told_as), rules={"rare-earths": 1}, late_by_s=None, routes_version="v1")

    assert [token.value for token in as_seen_by(desk("fx", *held), given, telling).whats_new] == expected
