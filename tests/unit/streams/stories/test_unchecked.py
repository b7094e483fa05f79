import pytest

from streams.record import Part
from streams.stories.story import fact_of
from tests.support.alerting import Stage, match


def kept() -> list[Part]:
    """Return every record that the alert stage builds of an article, and those inside."""
    stage = Stage()
    for number, title in enumerate(["China halts rare earths", "China halts rare earths exports"]):
        extra = {"text_hash": f"t{number}", "sketch": ("01",)}
        stage.take(match(f"a{number}", title=title, numbers=["54"], entities=["china"], owner="metals", extra=extra))
    (story,) = stage.book.clusterer.stories.values()
    assert story.articles == 2
    article = stage.book.articles["a1"]
    inside = (
        article.label,
        story.first,
        story.sources[0],
        story.facts[0],
        story.texts[0],
        article.rules[0],
        article.facts[0],
    )
    return [story, article, *inside]


@pytest.mark.parametrize("record", kept(), ids=lambda record: type(record).__name__)
def test_what_is_built_without_a_check_is_what_a_check_makes_of_it(record: Part) -> None:
    form = type(record)
    checked = form.model_validate({name: getattr(record, name) for name in form.model_fields})

    assert list(vars(record)) == list(vars(checked)) == list(form.model_fields)
    assert record == checked
    assert record.model_dump_json() == checked.model_dump_json()
    assert form.model_validate_json(record.model_dump_json()) == record


def test_a_copy_of_a_record_leaves_the_names_of_its_fields_to_the_others() -> None:
    fact = fact_of("number", "54")
    copy = fact.model_copy(update={"value": "55"})

    assert (fact.value, copy.value) == ("54", "55")
    assert fact.model_fields_set == fact_of("number", "9").model_fields_set == {"kind", "value"}
    assert fact.model_fields_set is not copy.model_fields_set
