"""Words of any text: their places hold, and the fast way for ASCII reads what the slow way reads."""

from hypothesis import given
from hypothesis import strategies as st

from streams.text.fold import fold
from streams.text.tokens import ascii_tokens, tokenise, unicode_tokens

anything = st.text(st.characters())  # surrogates too
ascii_text = st.text(st.characters(max_codepoint=127))
close_to_words = st.text(st.sampled_from("aB1'’s$._- \n稀ﾍﾞ가\u1100\u1161é\u0301\u00ad"))


@given(st.one_of(anything, close_to_words))
def test_places_are_in_order_and_hold_a_letter_or_digit(text: str) -> None:
    end = 0
    for token in tokenise(text):
        assert end <= token.start < token.end <= len(text)
        # Han beyond the basic plane counts as a whole, also where no character is assigned yet.
        assert any(char.isalnum() or char >= "\U00020000" for char in text[token.start : token.end])
        assert token.word != ""
        end = token.end


@given(st.one_of(ascii_text, close_to_words))
def test_the_fast_way_reads_what_the_slow_way_reads(text: str) -> None:
    if text.isascii():
        assert ascii_tokens(text) == unicode_tokens(text)


@given(st.one_of(anything, close_to_words))
def test_a_word_is_read_from_its_own_text_as_it_was_read_from_the_whole(text: str) -> None:
    for token in tokenise(text):
        assert [again.term for again in tokenise(token.word)] in ([token.term], [*map(fold, token.word)])
