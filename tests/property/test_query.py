"""Any text is a query, or an error with its place and its cure; what is read once is read the same again."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.matching.foreign import plain_syntax
from streams.matching.query import parse
from streams.matching.query_error import QueryError
from streams.matching.tree import leaves

PIECES = [
    *(
        "tariff",
        "稀土",
        "關稅",
        "レアアース",
        "ＵＳ",
        "@xi",
        "#semis",
        "$NVDA",
        "tarif*",
        "wom?n",
        "=x",
        '"rare earths"',
    ),
    *("AND", "OR", "NOT", "and", "NEAR/5", "PRE/1", "W/3", "SENT", "PARA", "ＡＮＤ", "ATLEAST/2", "FIRST/9", "CASE"),
    *("(", ")", "（", "）", "title:", "source:", "about:", "：", '"', "“", "”", "「", "」", "'", "!", "-", "~5", ".*"),
    *("\u200f", "\u200b", "\ufeff", "\u202e", "\t", "\n", "\u3000", "\x00", "\ud800", ",", "、", "la=en", "&&", "🙂"),
    *("not", "w/5", "/F50/", "/N5/", "hlp=", "headline", "plural", "$3", "+", ">500", "^2", "*:*"),
]
anything = st.one_of(
    st.text(st.characters()),
    st.lists(st.sampled_from(PIECES), max_size=20).map(" ".join),
    st.lists(st.sampled_from(PIECES), max_size=20).map("".join),
)


@settings(max_examples=1_500, deadline=None)
@given(anything)
@example("!" * 100)
@example("NOT " * 200)
@example("title:" * 300 + "x")
@example("((" * 40 + "a OR " + "))" * 40)
def test_any_text_is_a_query_or_an_error_with_its_place_and_its_cure(text: str) -> None:
    try:
        query = parse(text)
    except QueryError as err:
        lines = text.split("\n")
        for problem in err.problems:
            assert 1 <= problem.line <= len(lines)
            assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
            assert problem.message
            assert problem.hint
    else:
        for leaf in leaves(query.root):
            assert text[leaf.at[0] : leaf.at[1]].strip() != ""


@settings(max_examples=500, deadline=None)
@given(anything)
def test_plain_signs_stand_where_the_pasted_ones_stood_and_mean_the_same(text: str) -> None:
    plain = plain_syntax(text)
    assert len(plain) == len(text)
    assert plain_syntax(plain) == plain
    try:
        root = parse(text).root
    except QueryError:
        return
    assert parse(plain).root == root
