"""FTS5 and `re` over a sample of the development data: no difference without a cause, and a mutation that makes one."""

import pytest

from bench import oracles
from streams.matching import evaluate
from streams.matching.document import Document
from tests.support.data import shared_data

ARTICLES = 60
pytestmark = pytest.mark.corpus


def report() -> oracles.Report:
    return oracles.compared(shared_data("reuters21578").parent, ARTICLES)


def test_every_difference_from_the_oracles_has_a_token_rule_as_its_cause() -> None:
    found = report()
    assert found.unexplained == []
    assert min(found.causes[name] for name in oracles.RULES) > 0  # each rule is the cause of some difference
    assert found.places > 1_000
    for kind in ("term", "and", "or", "not", "phrase", "near", "sloppy", "ordered", "prefix", "wildcard"):
        assert found.asked[kind] > 200
        assert found.matches[kind] > 0
    assert found.left["fuzzy"] > 0


def test_proximity_that_is_wrong_by_one_has_no_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    real = evaluate.followed
    monkeypatch.setattr(evaluate, "followed", lambda left, right, distance, text: real(left, right, distance - 3, text))
    assert {line.partition(" | ")[2][:4] for line in report().unexplained} == {"fts5", "re: "}


def test_a_place_that_is_wrong_by_one_has_no_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Document.span
    monkeypatch.setattr(Document, "span", lambda self, place: real(self, place).model_copy(update={"start": 0}))
    assert len(report().unexplained) > 1_000
