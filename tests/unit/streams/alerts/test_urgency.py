from datetime import timedelta

import pytest

from streams.alerts.urgency import at_most_urgent, late_by_s, urgency_of
from streams.matching.rule import Urgency
from tests.support.alerting import NOW, head, match

MINUTE = timedelta(minutes=1)


def urgency(*, late: float | None = None, **fields: object) -> tuple[Urgency, tuple[str, ...]]:
    given = match(**fields)  # type: ignore[arg-type] # any field
    return urgency_of(given.rules[0], given, late_by_s=late)


def test_the_rules_urgency_stands_with_its_reason() -> None:
    assert urgency(urgency="flash") == (Urgency.FLASH, ("the rule says flash",))


def test_two_entities_in_the_title_of_a_first_tier_source_raise_a_routine_rule() -> None:
    raised, reasons = urgency(urgency="routine", tier=1, entities=["china", "us"])

    assert raised is Urgency.URGENT
    assert reasons == ("the rule says routine", "raised: a tier 1 source, 2 entities, in the title")


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"tier": 2, "entities": ["china", "us"]}, id="another tier"),
        pytest.param({"tier": 1, "entities": ["china"]}, id="one entity"),
    ],
)
def test_less_evidence_raises_nothing(fields: dict[str, object]) -> None:
    assert urgency(urgency="routine", **fields)[0] is Urgency.ROUTINE


def test_entities_in_the_body_alone_raise_nothing() -> None:
    given = match(urgency="routine", tier=1, entities=["china", "us"])
    spans = tuple(span.model_copy(update={"field": "body"}) for span in given.spans)
    given = given.model_copy(update={"spans": spans})

    assert urgency_of(given.rules[0], given, late_by_s=None)[0] is Urgency.ROUTINE


def test_late_news_is_urgent_at_most() -> None:
    lowered, reasons = urgency(urgency="flash", late=840.0)

    assert lowered is Urgency.URGENT
    assert reasons[-1] == "late by 14 min: urgent at most"
    assert at_most_urgent(Urgency.ROUTINE, 840.0) is Urgency.ROUTINE


@pytest.mark.parametrize(
    ("fields", "late"),
    [
        pytest.param({}, None, id="seen now"),
        pytest.param({"first_seen_at": NOW - 10 * MINUTE}, None, id="ten minutes are not late"),
        pytest.param({"first_seen_at": NOW - 11 * MINUTE}, 660.0, id="seen eleven minutes ago"),
        pytest.param({"published_at": NOW - 20 * MINUTE, "date_quality": "exact"}, 1200.0, id="published long ago"),
        pytest.param({"published_at": NOW - 20 * MINUTE, "date_quality": "no_zone"}, None, id="a date of no worth"),
        pytest.param({"published_at": NOW + MINUTE, "date_quality": "exact"}, None, id="published after we saw it"),
        pytest.param(
            {
                "kind": "updated",
                "published_at": NOW - 60 * MINUTE,
                "updated_at": NOW - MINUTE,
                "first_seen_at": NOW - 59 * MINUTE,
                "date_quality": "exact",
            },
            None,
            id="updated just now",
        ),
    ],
)
def test_news_is_as_old_as_its_publisher_says_or_as_our_first_sight(
    fields: dict[str, object], late: float | None
) -> None:
    assert late_by_s(head(**fields), NOW) == late
