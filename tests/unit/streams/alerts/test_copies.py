from hashlib import sha256

import pytest

from streams.alerts.arrival import arrival_of
from streams.alerts.copies import containment, copied_from
from streams.stories.story import StoryText
from tests.support.alerting import NOW, match


def sketch(*shingles: object) -> tuple[str, ...]:
    return tuple(sorted(sha256(str(shingle).encode()).hexdigest()[:16] for shingle in shingles)[:64])


def text(name: str, *, permission: str = "public", text_hash: str = "", marks: tuple[str, ...] = ()) -> StoryText:
    return StoryText(article_id=name, permission=permission, text_hash=text_hash, sketch=marks)


def copied(*texts: StoryText, text_hash: str = "", marks: tuple[str, ...] = ()) -> str | None:
    given = match(extra={"text_hash": text_hash, "sketch": marks})
    found = copied_from(arrival_of(given, offset=0, at=NOW), texts)
    return found.article_id if found else None


@pytest.mark.parametrize(
    ("inner", "outer", "share"),
    [
        pytest.param(range(10), range(10), 1.0, id="equal"),
        pytest.param(range(8), range(10), 1.0, id="a part"),
        pytest.param(range(10), range(5), 0.5, id="half"),
        pytest.param(range(3), range(3), 0.0, id="too short to say"),
        pytest.param((), range(9), 0.0, id="nothing"),
    ],
)
def test_containment_of_short_texts_is_exact(inner: range, outer: range, share: float) -> None:
    assert containment(sketch(*inner), sketch(*outer)) == share


@pytest.mark.parametrize(("shared", "low", "high"), [(900, 0.8, 1.0), (500, 0.3, 0.7), (0, 0.0, 0.0)])
def test_containment_of_long_texts_is_estimated(shared: int, low: float, high: float) -> None:
    inner = range(1000)
    outer = [*range(shared), *range(5_000, 9_000)]

    assert low <= containment(sketch(*inner), sketch(*outer)) <= high


def test_an_equal_text_is_a_copy_and_an_empty_hash_is_not() -> None:
    assert copied(text("a1", text_hash="t1"), text_hash="t1") == "a1"
    assert copied(text("a1", text_hash=""), text_hash="") is None
    assert copied(text("a1", text_hash="t1"), text_hash="t2") is None


def test_a_text_that_holds_nearly_all_of_it_is_the_original() -> None:
    assert copied(text("a1", marks=sketch(*range(40))), marks=sketch(*range(33))) == "a1"


def test_the_original_of_the_same_permission_is_named_first() -> None:
    texts = (text("a1", permission="reuters", text_hash="t1"), text("a2", text_hash="t1"))

    assert copied(*texts, text_hash="t1") == "a2"
