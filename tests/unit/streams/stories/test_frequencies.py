from datetime import timedelta

import pytest

from streams.stories import frequencies
from streams.stories.frequencies import Frequencies, hour_of
from tests.support.alerting import NOW


def test_a_rare_term_weighs_more_than_a_common_one() -> None:
    known = Frequencies(NOW, 100, {"china": 80, "gallium": 1})

    assert known.weight("china") < known.weight("gallium") < known.weight("never seen")
    assert known.share("china") == 0.8


def test_without_documents_every_term_weighs_one() -> None:
    assert Frequencies().weight("china") == 1.0
    assert Frequencies().share("china") == 0.0


def test_what_was_counted_in_an_hour_is_in_force_in_the_next() -> None:
    later = Frequencies(NOW, 10, {"china": 4}).entered(hour_of(NOW) + timedelta(hours=1), {"china": 2, "us": 1}, 3)

    assert (later.documents, later.counts) == (13, {"china": 6, "us": 1})


def test_a_record_holds_everything() -> None:
    known = Frequencies(hour_of(NOW), 10, {"china": 4})

    read = Frequencies.of(known.to_record(17))

    assert (read.hour, read.documents, read.counts) == (hour_of(NOW), 10, {"china": 4})
    assert known.to_record(17).matches_offset == 17
    assert known.to_record(17).key == "df/2025-10-26T07"


def test_old_news_fades_and_the_rarest_terms_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frequencies, "MOST_DOCUMENTS", 10)
    monkeypatch.setattr(frequencies, "MOST_TERMS", 2)

    later = Frequencies(NOW, 10, {"china": 9, "us": 6, "tax": 3, "oil": 2, "once": 1}).entered(NOW, {}, 1)

    assert later.documents == 5
    assert later.counts == {"china": 4, "us": 3}


def test_of_equally_rare_terms_all_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frequencies, "MOST_TERMS", 2)

    assert Frequencies(NOW, 9, {"china": 9, "us": 2}).entered(NOW, {"tax": 2}, 2).counts == {"china": 9}


def test_terms_stand_in_the_order_of_their_hours_then_of_their_names() -> None:
    one = Frequencies(NOW, 1, {"z": 1}).entered(NOW, {"c": 1, "a": 1, "z": 1}, 2)
    other = Frequencies(NOW, 1, {"z": 1}).entered(NOW, {"z": 1, "a": 1, "c": 1}, 2)

    assert list(one.counts) == list(other.counts) == ["z", "a", "c"]


def test_the_weights_of_an_article_are_the_weights_of_its_terms() -> None:
    known = Frequencies(NOW, 100, {"china": 80})
    twice = [known.weighed({"china": 2.0, "new": 1.0}) for _ in range(2)]

    assert twice[0] == twice[1] == {"china": 2 * known.weight("china"), "new": known.weight("new")}
