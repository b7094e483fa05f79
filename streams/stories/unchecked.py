"""Records of our own making, built without a check of what was checked when it was read."""

from functools import cache
from typing import TypeVar

from streams.record import Part

P = TypeVar("P", bound=Part)


def unchecked(form: type[P], fields: dict[str, object]) -> P:
    """Return a record of exactly these fields: every one of its form, those with a default too.

    The mapping becomes the record's own. It is what pydantic's `model_construct` makes, without its look at each
    field: a story's record takes 0.5 us, by `model_copy` 1.5, by `model_construct` or checked 3 to 12.
    """
    record = form.__new__(form)
    object.__setattr__(record, "__dict__", fields)
    object.__setattr__(record, "__pydantic_fields_set__", _names(form))
    object.__setattr__(record, "__pydantic_extra__", None)
    object.__setattr__(record, "__pydantic_private__", None)
    return record


@cache
def _names(form: type[Part]) -> set[str]:
    """Return the names of a form's fields: one set for all its records, which pydantic copies before it changes it."""
    return set(form.model_fields)
