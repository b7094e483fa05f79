from streams.alerts.arrival import background_of
from streams.matching.match import Facts, Span
from streams.stories.story import Fact
from tests.support.alerting import match


def test_background_is_what_the_body_alone_says_and_what_is_named_in_passing() -> None:
    spans = (Span(field="title", start=0, end=5, surface="China"), Span(field="lead", start=0, end=2, surface="EU"))
    given = match(entities=["china", "eu", "us"], facts=Facts(percentages=("90",), background=("percentages 90",)))
    places = {"china": (1, 0), "eu": (1, 1), "us": (3, 1)}
    hits = tuple(
        hit.model_copy(update={"count": places[hit.entity_id][0], "spans": (places[hit.entity_id][1],)})
        for hit in given.entities
    )

    found = background_of(given.model_copy(update={"spans": spans, "entities": hits}))

    assert found == {Fact(kind="percentage", value="90"), Fact(kind="entity", value="eu")}
