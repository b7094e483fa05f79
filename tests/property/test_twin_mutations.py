"""What the bench of the twins is worth: each part of the matcher, made wrong by one, shows up in its quick run."""

from collections.abc import Callable, Iterable, Sequence

import pytest

from bench import twin
from streams.matching import attributes, document, evaluate, index, mentions, names, roles, surroundings
from streams.matching.document import Document, Occurrence
from streams.matching.evaluate import Places, Reading, Window
from streams.matching.match import Span
from streams.matching.rule import Role
from streams.matching.tree import AtLeast, First, Near, Node, Not, Words

SEED, PAIRS = 1, 20_000
Patch = Callable[[pytest.MonkeyPatch], None]


def farther(patch: pytest.MonkeyPatch) -> None:
    real = evaluate.followed
    patch.setattr(evaluate, "followed", lambda left, right, distance, text: real(left, right, distance + 1, text))


def nearer(patch: pytest.MonkeyPatch) -> None:
    real = evaluate.followed
    patch.setattr(evaluate, "followed", lambda left, right, distance, text: real(left, right, distance - 1, text))


def any_order(patch: pytest.MonkeyPatch) -> None:
    real = evaluate.near

    def wrong(node: Near, reading: Reading, window: Window) -> Places | None:
        return real(Near(node.left, node.right, node.distance), reading, window)

    patch.setattr(evaluate, "near", wrong)


def no_negation(patch: pytest.MonkeyPatch) -> None:
    real = evaluate.all_of

    def wrong(nodes: Iterable[Node], reading: Reading, window: Window) -> Places | None:
        return real([node for node in nodes if not isinstance(node, Not)], reading, window)

    patch.setattr(evaluate, "all_of", wrong)


def no_stems(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(document, "stem", lambda term: term)


def one_more_counts(patch: pytest.MonkeyPatch) -> None:
    real = evaluate.one_place

    def wrong(node: Node, reading: Reading, window: Window) -> Places | None:
        return real(AtLeast(node.count - 1, node.child) if isinstance(node, AtLeast) else node, reading, window)

    patch.setattr(evaluate, "one_place", wrong)


def one_word_more(patch: pytest.MonkeyPatch) -> None:
    real = Document.first_words
    patch.setattr(Document, "first_words", lambda self, count: real(self, count + 1))


def no_window(patch: pytest.MonkeyPatch) -> None:
    real = evaluate.narrowed

    def wrong(node: First, reading: Reading, window: Window) -> Window:
        return window if isinstance(node, First) else real(node, reading, window)

    patch.setattr(evaluate, "narrowed", wrong)


def lines_end_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(document, "ends_paragraph", lambda _token, _gap: False)


def points_end_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(document, "ends_sentence", lambda _token, gap: "\n" in gap)


def all_about(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evaluate, "ABOUT_COUNT", 2)


def last_word_open(patch: pytest.MonkeyPatch) -> None:
    real = evaluate.phrase_places

    def wrong(leaf: Words, text: Document) -> Places:
        return real(Words(leaf.words[:-1] or leaf.words, leaf.form), text)

    patch.setattr(evaluate, "phrase_places", wrong)


def case_counts_in_capitals(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(document, "is_shouted", lambda _title: False)


def shorter_names_too(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mentions, "longest", sorted)


def roles_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Role, "held_on", lambda _role, _day: True)


def former_ones_too(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(roles, "is_not_the_holders", lambda _place, _document: False)


def nobody_beside(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(roles, "people_beside", lambda _place, _document, _people: frozenset())


def any_context(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(surroundings.Surroundings, "refuse", lambda _self, _context, _place: None)


def wider_context(patch: pytest.MonkeyPatch) -> None:
    real = surroundings.Surroundings.near
    patch.setattr(
        surroundings.Surroundings, "near", lambda self, words, place, within: real(self, words, place, within + 1)
    )


def names_in_any_case(patch: pytest.MonkeyPatch) -> None:
    real = names.made
    patch.setattr(names, "made", lambda entity, *rest: real(entity.model_copy(update={"case": ()}), *rest))


def any_author(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evaluate, "attribute_holds", lambda node, _head: node.name == "author")


def first_author_only(patch: pytest.MonkeyPatch) -> None:
    real = attributes.values
    patch.setattr(attributes, "values", lambda name, head: real(name, head)[:1])


def pairs_of_characters_not_indexed(patch: pytest.MonkeyPatch) -> None:
    real = index.words_feature
    patch.setattr(index, "words_feature", lambda node: real(node) + ("x" if len(node.words) > 1 else ""))


def beginnings_not_indexed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(index, "head_feature", lambda head: f"\x02!{head}")


def only_one_side_of_or(patch: pytest.MonkeyPatch) -> None:
    real = evaluate.any_of

    def wrong(nodes: Sequence[Node], reading: Reading, window: Window) -> Places | None:
        proofs = (real([node], reading, window) for node in nodes)
        return next((proof for proof in proofs if proof is not None), None)

    patch.setattr(evaluate, "any_of", wrong)


def span_one_short(patch: pytest.MonkeyPatch) -> None:
    real = Document.span

    def wrong(self: Document, place: Occurrence) -> Span:
        span = real(self, place)
        return span.model_copy(update={"end": span.end - 1}) if span.end - span.start > 1 else span

    patch.setattr(Document, "span", wrong)


MUTATIONS: Sequence[Patch] = (
    *(farther, nearer, any_order, no_negation, no_stems, one_more_counts, one_word_more, no_window),
    *(lines_end_nothing, points_end_nothing, all_about, last_word_open, case_counts_in_capitals, shorter_names_too),
    *(roles_for_ever, former_ones_too, nobody_beside, any_context, wider_context, names_in_any_case, any_author),
    *(first_author_only, pairs_of_characters_not_indexed, beginnings_not_indexed, only_one_side_of_or, span_one_short),
)


@pytest.mark.parametrize("mutation", [pytest.param(given, id=given.__name__) for given in MUTATIONS])
def test_a_matcher_that_is_wrong_by_one_differs_from_its_twin(mutation: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    mutation(monkeypatch)
    tally = twin.run(PAIRS, seed=SEED, stories=(), first=True)
    assert tally.differences, f"{tally.pairs} pairs did not show it"


def test_without_a_mutation_they_agree_and_enough_matches_to_prove_it() -> None:
    tally = twin.run(PAIRS // 4, seed=SEED, stories=())
    assert tally.differences == []
    assert tally.matching > twin.LEAST_MATCHING * tally.pairs
    assert {"AND", "AND NOT", "OR", "NEAR", "PRE", "SENT", "PARA", "ATLEAST", "FIRST", "CASE"} <= set(tally.kinds)
    assert {"title:", "lead:", "body:", "source:", "lang:", "author:", "about:"} <= set(tally.kinds)
    assert set('@#$=*?"') <= set(tally.kinds)
