import pytest

from streams.matching.query import DEPTH, LEAVES, QUERY_BYTES, parse
from streams.matching.query_error import QueryError
from streams.matching.query_reader import member
from streams.matching.tree import (
    And,
    AtLeast,
    Attribute,
    First,
    Form,
    InField,
    ListRef,
    Mention,
    Near,
    Node,
    Not,
    Or,
    Ticker,
    Together,
    Truncated,
    Words,
)

WIRE, AP = Attribute("source", ("the", "wire")), Attribute("source", ("ap",))
CHINESE, LEE = Attribute("lang", ("zh",)), Attribute("author", ("lee",))
A, B, C = Words(("a",)), Words(("b",)), Words(("c",))


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        pytest.param("Tariffs", Words(("tariff",)), id="a word is stemmed"),
        pytest.param("=Tariffs", Words(("tariffs",), Form.EXACT), id="an exact word is not"),
        pytest.param('="Rare earths"', Words(("rare", "earths"), Form.EXACT), id="nor an exact phrase"),
        pytest.param("CASE(US)", Words(("US",), Form.CASE), id="a word as written"),
        pytest.param('"rare earths"', Words(("rare", "earth")), id="a phrase"),
        pytest.param("“rare earths”", Words(("rare", "earth")), id="a phrase in curly quotes"),
        pytest.param("U.S.", Words(("u", "s")), id="a word of two words is a phrase"),
        pytest.param("稀土", Words(("稀", "土")), id="so is a word of two characters"),
        pytest.param("tarif*", Truncated("tarif*"), id="truncation"),
        pytest.param("CASE(Wom?n)", Truncated("Wom?n", case=True), id="truncation as written"),
        pytest.param('"who?"', Words(("who",)), id="a question mark in a phrase is only a mark"),
        pytest.param("$NVDA", Ticker("nvda"), id="a ticker"),
        pytest.param("@xi_jinping", Mention("xi_jinping"), id="an entity"),
        pytest.param("about:@xi_jinping", Mention("xi_jinping", about=True), id="an entity that it is about"),
        pytest.param("#semis", ListRef("semis"), id="a list"),
        pytest.param("a AND b AND c", And((A, B, C)), id="and"),
        pytest.param("a OR (b AND c)", Or((A, And((B, C)))), id="or, with parentheses"),
        pytest.param("a AND NOT b", And((A, Not(B))), id="not"),
        pytest.param("a AND NOT b NEAR/2 c", And((A, Not(Near(B, C, 2)))), id="not binds looser than proximity"),
        pytest.param("a NEAR/5 (b OR c)", Near(A, Or((B, C)), 5), id="near"),
        pytest.param("a PRE/1 b", Near(A, B, 1, ordered=True), id="in order"),
        pytest.param("a SENT b", Together(A, B, "sentence"), id="in one sentence"),
        pytest.param("a PARA b", Together(A, B, "paragraph"), id="in one paragraph"),
        pytest.param("ATLEAST/3(a OR b)", AtLeast(3, Or((A, B))), id="at least"),
        pytest.param("FIRST/50(a AND b)", First(50, And((A, B))), id="in the first words"),
        pytest.param("title:a", InField("title", A), id="a field"),
        pytest.param("lead:(a OR b)", InField("lead", Or((A, B))), id="a field of a group"),
        pytest.param("title:a NEAR/2 body:b", Near(InField("title", A), InField("body", B), 2), id="a field is unary"),
        pytest.param("title:CASE(a)", InField("title", Words(("a",), Form.CASE)), id="prefixes upon each other"),
        pytest.param("source:reuters", Attribute("source", ("reuters",)), id="a source"),
        pytest.param('source:("the wire" OR ap)', Or((WIRE, AP)), id="sources"),
        pytest.param("lang:zh AND author:lee", And((CHINESE, LEE)), id="language and author"),
        pytest.param("a AND\n\t(b)", And((A, B)), id="white space"),
        pytest.param("and", Words(("and",)), id="operators are in capitals"),
        pytest.param("„Seltene Erden“", Words(("selten", "erden")), id="a phrase in German quotes"),
        pytest.param("«rare earths»", Words(("rare", "earth")), id="in French ones"),
        pytest.param("「稀土」", Words(("稀", "土")), id="in Chinese and Japanese ones"),
        pytest.param("（ａ　ＯＲ　ｂ）　ＡＮＤ　ＮＯＴ　ｃ", And((Or((A, B)), Not(C))), id="all of it full-width"),
        pytest.param("title：x", InField("title", Words(("x",))), id="a full-width colon"),
        pytest.param("ｔａｒｉｆ＊", Truncated("tarif*"), id="full-width truncation"),
        pytest.param("a ＮＥＡＲ／５ ＂b c＂", Near(A, Words(("b", "c")), 5), id="full-width proximity"),
        pytest.param("＠xi_jinping", Mention("xi_jinping"), id="a full-width entity"),
        pytest.param("\ufeffa\u200b AND\u200b b", And((A, B)), id="characters of no width"),
        pytest.param("a\tAND\u00a0b\u3000AND\u2003c", And((A, B, C)), id="tabs and every other blank"),
        pytest.param("關稅", Words(("关", "税")), id="traditional characters as simplified ones"),
        pytest.param("1,000", Words(("1", "000")), id="a comma in a number"),
        pytest.param("AT&T", Words(("at", "t")), id="an ampersand in a name"),
        pytest.param('"Yahoo!"', Words(("yahoo",)), id="any sign in a phrase"),
        pytest.param("Disney+", Words(("disney",)), id="a plus behind a name"),
        pytest.param("24/7", Words(("24", "7")), id="a slash between numbers"),
        pytest.param("AC/DC", Words(("ac", "dc")), id="a slash in a name"),
        pytest.param("US$50", Words(("us", "50")), id="a dollar sign in a sum"),
        pytest.param("N95", Words(("n95",)), id="a name that is an operator between two words alone"),
        pytest.param('"C++"', Words(("c",)), id="plus signs in a phrase"),
    ],
)  # fmt: skip
def test_a_query_is_read_as_its_tree(query: str, tree: Node) -> None:
    assert parse(query).root == tree


def test_a_query_knows_what_it_refers_to() -> None:
    query = parse("@a AND (#b OR title:@c) AND NOT @a")
    assert (query.entities, query.lists) == ({"a", "c"}, {"b"})


@pytest.mark.parametrize(
    ("query", "line", "column", "hint"),
    [
        pytest.param("a AND b OR c", 1, 9, "write (a AND b) OR c, or a AND (b OR c)", id="AND and OR mixed"),
        pytest.param("a OR b OR c AND d", 1, 13, "write a OR b OR (c AND d), or (a OR b OR c) AND d", id="mixed late"),
        pytest.param("x AND\n  (a AND b\n OR c)", 3, 2, "write (a AND b) OR c", id="mixed in a group on line 3"),
        pytest.param("rare earths", 1, 1, 'write "rare earths" for the phrase, or rare AND earths', id="bare words"),
        pytest.param("a and b", 1, 3, "write a AND b", id="and in small letters"),
        pytest.param("a or b AND c", 1, 3, "write a OR b", id="or in small letters"),
        pytest.param("not a", 1, 1, "write NOT a", id="not in small letters"),
        pytest.param("a near/3 b", 1, 3, "write a NEAR/3 b", id="near in small letters"),
        pytest.param("a && b", 1, 3, "write a AND b", id="&&"),
        pytest.param("a || b", 1, 3, "write a OR b", id="||"),
        pytest.param("a ANDNOT b", 1, 3, "write a AND NOT b", id="ANDNOT"),
        pytest.param("a ADJ5 b", 1, 3, "write a PRE/5 b", id="ADJ5"),
        pytest.param("a adj b", 1, 3, "write a PRE/1 b", id="ADJ"),
        pytest.param("a w5 b", 1, 3, "write a PRE/5 b", id="w5"),
        pytest.param("a NEAR5 b", 1, 3, "write a NEAR/5 b", id="NEAR5"),
        pytest.param("a /s b", 1, 3, "write a SENT b", id="/s"),
        pytest.param("a w/p b", 1, 3, "write a PARA b", id="w/p"),
        pytest.param("a same b", 1, 3, "write a PARA b", id="same"),
        pytest.param('"a b"~5', 1, 6, "NEAR/5", id="sloppiness"),
        pytest.param("title : x", 1, 7, "title:a", id="a blank before the colon"),
        pytest.param("atleast5(x)", 1, 1, "write ATLEAST/5(x)", id="atleast5"),
        pytest.param("ATLEAST/3 x", 1, 1, "write ATLEAST/3(x)", id="ATLEAST without a group"),
        pytest.param("b AND first/50(x)", 1, 7, "write FIRST/50(x)", id="first in small letters"),
        pytest.param("allcaps(US)", 1, 1, "write CASE(US)", id="allcaps"),
        pytest.param("a CASE", 1, 3, "CASE(a)", id="CASE by itself"),
        pytest.param("CASE US", 1, 1, "write CASE(US)", id="CASE without a group"),
        pytest.param("hd=(x)", 1, 1, "write title:(x)", id="a field of Factiva"),
        pytest.param("la=en", 1, 1, "write lang:en", id="another one"),
        pytest.param("rst=x", 1, 1, "write source:x", id="a source of Factiva"),
        pytest.param("art=x", 1, 1, "fields are title:", id="one that is not known here"),
        pytest.param("hlp=x", 1, 1, "write (title:x OR lead:x)", id="headline or lead of Factiva"),
        pytest.param("hlp=(x)", 1, 1, "write (title:(x) OR lead:(x))", id="headline or lead of a group"),
        pytest.param('hlp="a b"', 1, 1, 'write (title:"a b" OR lead:"a b")', id="headline or lead of a phrase"),
        pytest.param("a AND co=ibm", 1, 7, "write @nvidia", id="a code of Factiva"),
        pytest.param("wc=500", 1, 1, "take it away", id="a number of words"),
        pytest.param("a AND wc>500", 1, 7, "take it away", id="more words than"),
        pytest.param("date＜20250101", 1, 1, "take it away", id="earlier than, full-width"),
        pytest.param("headline(x)", 1, 1, "write title:(x)", id="the headline of Lexis"),
        pytest.param("hlead(x OR y)", 1, 1, "write (title:(x OR y) OR lead:(x OR y))", id="headline or lead of Lexis"),
        pytest.param("byline(x)", 1, 1, "write author:(x)", id="the byline of Lexis"),
        pytest.param("plural(tariff)", 1, 1, "the plural behind =, as in =tariffs", id="the plural alone"),
        pytest.param("singular(tariff)", 1, 1, "write =(tariff)", id="the singular alone"),
        pytest.param("nocaps(aids)", 1, 1, "write CASE(aids)", id="in small letters alone"),
        pytest.param("case study", 1, 1, 'write "case study" for the phrase', id="a word that is a prefix of Lexis"),
        pytest.param(
            "the same day", 1, 5, 'write the PARA day, or "the same day" for the phrase', id="same in a phrase"
        ),
        pytest.param("a (b)", 1, 1, "write a AND (b), or OR between them", id="a group is no part of a phrase"),
        pytest.param("trump not xi", 1, 7, "write trump AND NOT xi", id="not between two words"),
        pytest.param("a and not b", 1, 3, "write a AND NOT b", id="and not in small letters"),
        pytest.param("a not b and not c", 1, 3, "write a AND NOT b AND NOT c", id="all of them at once"),
        pytest.param("a ! b", 1, 3, "write a AND NOT b", id="an exclamation mark between two words"),
        pytest.param("a /N5/ b", 1, 3, "write a NEAR/5 b", id="/N5/"),
        pytest.param("a/n5/b", 1, 1, "write a NEAR/5 b", id="/N5/ without blanks"),
        pytest.param("x not w/5 y", 1, 3, "write x AND NOT (x NEAR/5 y)", id="not w/n"),
        pytest.param("x not pre/5 y", 1, 3, "write x AND NOT (x PRE/5 y)", id="not pre/n"),
        pytest.param("x NOT pre/5 y", 1, 3, "write x AND NOT (x PRE/5 y)", id="NOT pre/n"),
        pytest.param("x not w/s y", 1, 3, "write x AND NOT (x SENT y)", id="not w/s"),
        pytest.param("x NOT w/5 y", 1, 7, "write a AND NOT (a NEAR/5 b)", id="NOT w/n"),
        pytest.param("a and x not w/5 y", 1, 3, "write a AND x AND NOT (x NEAR/5 y)", id="and, not w/n"),
        pytest.param("tariff/F50/", 1, 1, "write FIRST/50(tariff)", id="in the first words"),
        pytest.param('b AND "a b"/F50/', 1, 12, 'write FIRST/50("a b")', id="a phrase in the first words"),
        pytest.param("(a OR b)/f9/", 1, 9, "write FIRST/9(a OR b)", id="a group in the first words"),
        pytest.param("a AND /F50/", 1, 7, "write FIRST/50(a)", id="the first words of nothing"),
        pytest.param("tarif$3", 1, 1, 'write tarif* for every ending, or "tarif$3"', id="an ending of three letters"),
        pytest.param("pre/5", 1, 1, "write a PRE/5 b", id="a lone pre/5"),
        pytest.param("a AND near/5", 1, 7, "write a NEAR/5 b", id="a lone near/5"),
        pytest.param("/5", 1, 1, "write a NEAR/5 b", id="a lone /5"),
        pytest.param("adj5", 1, 1, "write a PRE/5 b", id="a lone adj5"),
        pytest.param("w/s", 1, 1, "write a SENT b", id="a lone w/s"),
        pytest.param("rare+earth", 1, 1, 'write rare AND earth, or "rare earth" for the phrase', id="a plus inside"),
        pytest.param("rare＋earth", 1, 1, "write rare AND earth", id="a full-width plus inside"),
        pytest.param("a AND !b", 1, 7, "write NOT b", id="an exclamation mark before a word"),
        pytest.param("a AND -b", 1, 7, "write NOT b", id="a minus before a word"),
        pytest.param("+a", 1, 1, "write a: AND asks for both", id="a plus before a word"),
        pytest.param("tariff!", 1, 1, "write tariff* for every ending", id="truncation of Lexis"),
        pytest.param("tarif$", 1, 1, "write tarif* for every ending", id="truncation of Factiva"),
        pytest.param("'rare'", 1, 1, 'write "rare" in double quotes', id="single quotes"),
        pytest.param("关税、稀土", 1, 1, "a phrase in quotes", id="a list with commas"),
        pytest.param("关税，稀土", 1, 1, "a phrase in quotes", id="with full-width commas"),
        pytest.param("tariff,duty", 1, 1, "a phrase in quotes", id="with ASCII commas"),
        pytest.param("a AND \u202eb", 1, 7, "take it away", id="a mark that turns text around"),
        pytest.param("a\n\u200fAND b", 2, 1, "take it away", id="a right-to-left mark"),
        pytest.param("a NEAR/5 NOT b", 1, 10, "write a AND NOT (a NEAR/5 b)", id="near nothing"),
        pytest.param("OR a", 1, 1, "it stands between two words", id="OR at the beginning"),
        pytest.param("a ＡＮＤ b ＯＲ c", 1, 9, "write (a AND b) OR c", id="full-width operators mixed"),
        pytest.param("tariff.*", 1, 1, "only * and ?", id="any character, any often"),
        pytest.param("^tariff", 1, 1, "only * and ?", id="the beginning of a line"),
        pytest.param("a|b", 1, 1, "only * and ?", id="an alternative"),
        pytest.param("a NOT b", 1, 1, "write a AND NOT b", id="bare NOT"),
        pytest.param('"a b" c', 1, 1, 'write "a b" AND c', id="a phrase and a bare word"),
        pytest.param("a W/5 b", 1, 3, "write NEAR/5 for any order, PRE/5 for this order", id="W/n"),
        pytest.param("a n/3 b", 1, 3, "write NEAR/3", id="n/3"),
        pytest.param("a NEAR b", 1, 3, "write NEAR/5", id="NEAR without a number"),
        pytest.param("a PRE/0 b", 1, 3, "write PRE/5", id="a distance of none"),
        pytest.param("a NEAR/99999999999999999999 b", 1, 3, "write NEAR/5", id="a distance of millions"),
        pytest.param("a NEAR/5 b NEAR/3 c", 1, 1, "write (a NEAR/5 b) AND (b NEAR/5 c)", id="a chain of proximity"),
        pytest.param("(a AND b) NEAR/3 c", 1, 1, "words, phrases, entities", id="a group that has no place"),
        pytest.param("a NEAR/3 (b NEAR/2 c)", 1, 10, "words, phrases, entities", id="proximity within proximity"),
        pytest.param("NOT a", 1, 1, "name something that has to be there", id="negations only"),
        pytest.param("NOT a AND NOT b", 1, 1, "name something that has to be there", id="several negations only"),
        pytest.param("title:(NOT a)", 1, 1, "name something that has to be there", id="a negation in a field"),
        pytest.param("a OR NOT b", 1, 6, "a AND NOT b is what can be asked", id="a negation as one side of OR"),
        pytest.param("NOT NOT a", 1, 1, "say it without NOT", id="NOT NOT"),
        pytest.param("a AND NOT (NOT b)", 1, 7, "say it without NOT", id="a negation of a negation"),
        pytest.param("*riff", 1, 1, "begin with three letters", id="a leading wildcard"),
        pytest.param("ta*", 1, 1, "write the words out", id="too few letters before a wildcard"),
        pytest.param("tar" + "?*" * 200, 1, 1, "no word is so long", id="more wildcards than letters"),
        pytest.param("关税*", 1, 1, "write 关税", id="a wildcard behind Han"),
        pytest.param("rare-ear*", 1, 1, "truncate a single word", id="a wildcard in two words"),
        pytest.param('"rare earth*"', 1, 1, "write rare PRE/1 earth*", id="a wildcard in a phrase"),
        pytest.param("a AND [bc]+", 1, 7, "only * and ? are known", id="a regular expression"),
        pytest.param("bessent~1", 1, 1, "write each spelling: (bessent OR ...)", id="fuzziness of another system"),
        pytest.param("tariff~", 1, 1, "write each spelling: (tariff OR ...)", id="fuzziness without a figure"),
        pytest.param("tariff^2", 1, 1, "write tariff: a rule ranks nothing", id="weight"),
        pytest.param("*:*", 1, 1, "name something that has to be there", id="everything"),
        pytest.param("titel:x", 1, 1, "fields are title: lead: body:", id="an unknown field"),
        pytest.param("%%", 1, 1, "letters or digits", id="no word"),
        pytest.param("$NVIDIA", 1, 1, "one to five letters", id="no ticker"),
        pytest.param("title:lead:x", 1, 1, "keep one of them", id="a field in a field"),
        pytest.param("==x", 1, 1, "keep one of them", id="exactly exactly"),
        pytest.param("about:x", 1, 1, "write about:@scott_bessent", id="about a word"),
        pytest.param("source:@x", 1, 1, "write source:word", id="a source that is an entity"),
        pytest.param("title:source:x", 1, 1, "write source:word", id="a source in a field"),
        pytest.param("ATLEAST/0(a)", 1, 1, "write ATLEAST/3", id="at least none"),
        pytest.param("ATLEAST/2(a AND b)", 1, 1, "write ATLEAST/3(a OR b)", id="at least twice both"),
        pytest.param('a AND "bc', 1, 7, 'close the phrase with "', id="an open quote"),
        pytest.param("a AND (b", 1, 7, "close it with )", id="an open group"),
        pytest.param("a)", 1, 2, "take it away", id="a ) too many"),
        pytest.param("a AND", 1, 6, "write what should follow", id="nothing behind AND"),
        pytest.param("a AND AND b", 1, 7, "it stands between two words: a AND b", id="AND twice"),
        pytest.param("()", 1, 2, "write a word", id="an empty group"),
        pytest.param("a AND @", 1, 7, "write a word", id="an entity without a name"),
        pytest.param(" \n", 1, 1, "write a word", id="an empty query"),
        pytest.param("a\nb\x00", 2, 2, "take it away", id="NUL"),
        pytest.param("a\ud800", 1, 2, "take it away", id="an unpaired surrogate"),
        pytest.param('"' + "a " * 101 + '"', 1, 1, "join shorter ones", id="a phrase without end"),
        pytest.param("(" * (DEPTH + 1) + "a" + ")" * (DEPTH + 1), 1, DEPTH + 1, "split the rule", id="too deep"),
        pytest.param("é" * QUERY_BYTES, 1, 1, "split the rule", id="too long"),
        pytest.param(" OR ".join(["a"] * (LEAVES + 1)), 1, 1, "split the rule", id="too many words"),
    ],
)
def test_what_is_no_clear_query_is_refused_with_place_and_cure(query: str, line: int, column: int, hint: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert hint in caught.value.hint


def test_every_problem_of_a_query_is_told_at_once() -> None:
    with pytest.raises(QueryError) as caught:
        parse("ta* AND (a b) AND\nx W/2 y")
    assert [(problem.line, problem.column) for problem in caught.value.problems] == [(1, 1), (1, 10), (2, 3)]
    assert str(caught.value).startswith("1:1 'ta*' has fewer than three letters before its wildcard; write the words")


@pytest.mark.parametrize("again", ["not ", "not w/5 ", "and ", "hlp= ", "/F5/ ", "plural (", "a+", "$1", "a/n1/"])
def test_a_hint_stays_short_however_often_something_stands_in_a_query(again: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse("x " + again * 2_000)
    assert len(caught.value.hint) <= 500


def test_a_hint_stays_short_when_the_query_is_long() -> None:
    with pytest.raises(QueryError) as caught:
        parse("a " * 20_000)
    assert len(str(caught.value)) < 1_000


def test_as_deep_and_as_many_as_allowed_is_allowed() -> None:
    assert parse("(" * DEPTH + "a" + ")" * DEPTH).root == A
    assert len(parse(" OR ".join(["a"] * LEAVES)).text) > LEAVES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("ASML", Words(("asml",)), id="a word"),
        pytest.param("rare earth", Words(("rare", "earth")), id="a phrase"),
        pytest.param("=talks", Words(("talks",), Form.EXACT), id="an exact word"),
        pytest.param("@nvidia", Mention("nvidia"), id="an entity"),
        pytest.param("$TSM", Ticker("tsm"), id="a ticker"),
        pytest.param("semi*", Truncated("semi*"), id="a truncated word"),
    ],
)
def test_a_list_holds_words_entities_and_tickers(text: str, expected: Node) -> None:
    assert member(text) == expected


def test_a_member_that_is_none_says_why() -> None:
    assert member("…") == ("'…' holds no word", "letters or digits are what can be found")
    assert member("=") == member("") == ("'' holds no word", "letters or digits are what can be found")
    assert member("#metals") == ("#metals is a list", "a list holds no other list: write its members out")
