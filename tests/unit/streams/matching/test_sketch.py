from streams.matching.sketch import SKETCH_SIZE, sketch, text_hash

WORDS = [f"w{number}" for number in range(400)]


def test_a_sketch_is_the_smallest_hashes_in_order() -> None:
    made = sketch(WORDS)
    assert len(made) == SKETCH_SIZE
    assert list(made) == sorted(made)
    assert all(len(number) == 16 for number in made)


def test_a_text_with_one_changed_word_keeps_most_of_its_sketch() -> None:
    changed = [*WORDS[:200], "other", *WORDS[201:]]
    assert len({*sketch(WORDS)} & {*sketch(changed)}) > SKETCH_SIZE - 10
    assert not {*sketch(WORDS)} & {*sketch(WORDS[::-1])}


def test_short_texts_have_short_sketches() -> None:
    assert [len(sketch(WORDS[:count])) for count in (0, 1, 4, 5, 6)] == [0, 1, 1, 1, 2]


def test_the_hash_tells_texts_apart_by_their_words() -> None:
    assert text_hash(["a", "b"]) != text_hash(["ab"])
    assert len(text_hash([])) == 32
