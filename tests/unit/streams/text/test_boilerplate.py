import os
from pathlib import Path

import pytest

from streams.text.boilerplate import cut
from streams.text.html import to_text

TITLE = "Ministers agree on a new harbour for the island"
TEXT = (
    "Ministers of both countries agreed on Tuesday to build a harbour on the island, after talks of many years.\n"
    "The work begins in spring, and will take six years if the weather and the parliament allow it, they said."
)
PLANTED = "Trump-Xi summit: tariffs and rare earths, all you need to know about the talks of He Lifeng and Bessent."


def page(heading: str, *, before: str = "", after: str = PLANTED) -> str:
    return f"{before}{TITLE}\n{TEXT}\n{heading}\n{after}"


@pytest.mark.parametrize(
    "heading",
    [
        "RELATED ARTICLES",
        "Related Articles:",
        "— Related articles (5) —",
        "## Related stories",
        "Related Articles More From Author",
        "LEAVE A REPLY",
        "Leave a Reply Cancel reply",
        "Leave a comment on this article",
        "Most Popular",
        "MOST READ THIS WEEK",
        "Recent Comments",
        "12 Comments",
        "More on this story",
        "More from The Wire",
        "You may also like",
        "You might also be interested in…",
        "Recommended for you",
        "Trending now",
        "Editors' Picks",
        "Don’t miss",
        "Popular videos",
        "相关文章",
        "相關新聞：",
        "【热门文章】",
        "延伸閱讀",
        "发表评论",
        "関連記事",
        "あわせて読みたい",
        "人気記事ランキング",
        "Ähnliche Artikel",
        "LESEN SIE AUCH",
        "Das könnte Sie auch interessieren:",
        "Kommentare (3)",
        "관련 기사",
        "많이 본 뉴스",
        "À lire aussi",
        "Artículos relacionados",
    ],
)
def test_from_a_tail_heading_on_nothing_is_left(heading: str) -> None:
    assert cut(page(heading), title=TITLE) == TEXT


@pytest.mark.parametrize(
    "line",
    [
        "The most popular related articles of law were debated until midnight.",
        "Comments by the minister were not expected before Friday.",
        "More on this story as it develops, and on the harbour.",
        "Related industries expect orders, among them the makers of cranes.",
        "Leave a reply to the ministry's letter out, the lawyers said.",
        "Cookies are the island's best known product, and sell well.",
        "关于相关文章的争论仍在继续。",
    ],
)
def test_a_sentence_that_begins_like_a_heading_is_part_of_the_article(line: str) -> None:
    assert PLANTED in cut(page(line), title=TITLE)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("Home\nWorld\nTrump-Xi summit\n", id="a menu"),
        pytest.param("HomeWorldMinisters agree on a new harbour...\n", id="breadcrumbs"),
        pytest.param("Most Popular\nTariffs on steel\nHome\n", id="a heading above the title"),
        pytest.param(f"{TITLE} - The Wire\nTariffs\n", id="the title with the site's name, above the title"),
        pytest.param(f"Sunday, October 26, 2025\n{TITLE}\nTariffs\nShare\n", id="a copy of the title in the menu"),
    ],
)
def test_nothing_above_the_titles_own_line_is_left(before: str) -> None:
    assert cut(page("Related articles", before=before), title=TITLE) == TEXT


@pytest.mark.parametrize(
    ("title", "line"),
    [
        pytest.param("What’s at stake", "What's at stake", id="other quotes"),
        pytest.param("MINISTERS AGREE ON PORT", "Ministers agree on port", id="other case"),
        pytest.param("Ministers agree on port - The Wire", "Ministers agree on port", id="the site's name in the feed"),
        pytest.param("Ministers agree on port", "Ministers agree on port | The Wire", id="the site's name on the page"),
    ],
)
def test_the_titles_line_may_be_written_in_other_ways(title: str, line: str) -> None:
    assert cut(f"Tariffs\n{line}\n{TEXT}", title=title) == TEXT


@pytest.mark.parametrize(
    ("text", "title"),
    [
        pytest.param(TEXT, TITLE, id="no line is the title"),
        pytest.param(f"{TEXT}\n{TITLE}", TITLE, id="the title stands below the text"),
        pytest.param(f"Menu\n{TEXT}", "", id="no title"),
        pytest.param(
            f"A port\n{TEXT}", "A port for the island and for all of its people", id="a short line is no title"
        ),
    ],
)
def test_without_a_title_line_above_the_text_nothing_is_cut(text: str, title: str) -> None:
    assert cut(text, title=title) == text


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        pytest.param("Ministers agree on port", ["Ministers agree", "on port"], id="a title on two lines"),
        pytest.param("Talks", ["Talks | The Wire", "Tariffs", "Talks"], id="a copy with the site's name above it"),
    ],
)
def test_what_stands_above_a_title_goes_however_its_line_is_broken(title: str, lines: list[str]) -> None:
    assert cut("\n".join([PLANTED, *lines, TEXT]), title=title) == TEXT


@pytest.mark.parametrize("heading", ["Related", "Read next", "関連記事", "More from The Wire"])
def test_a_box_between_the_paragraphs_goes_and_the_article_goes_on_behind_it(heading: str) -> None:
    text = f"{TITLE}\n{TEXT}\n{heading}\nTrump-Xi summit\nTariffs and rare earths\n\n{TEXT}\n{TEXT}"
    assert cut(text, title=TITLE) == f"{TEXT}\n\n{TEXT}\n{TEXT}".replace("\n\n", "\n")


@pytest.mark.parametrize(
    ("heading", "behind"),
    [
        pytest.param("RELATED ARTICLES", f"{TEXT}\n{TEXT}", id="related articles are the tail, whatever they hold"),
        pytest.param("Recent Comments", f"{TEXT}\n{TEXT}", id="comments look like an article"),
        pytest.param("评论", f"{TEXT}\n{TEXT}", id="so they do in Chinese"),
        pytest.param("Read next", PLANTED, id="one paragraph is a teaser"),
        pytest.param("Read next", f"{PLANTED}\nRare earths\n{PLANTED}\nTariffs\n{PLANTED}", id="a list of teasers"),
        pytest.param("Read next", f"{PLANTED[:60]} now.\n{PLANTED}", id="less than the article"),
    ],
)
def test_a_tail_that_holds_sentences_is_a_tail_still(heading: str, behind: str) -> None:
    assert cut(f"{TITLE}\n{TEXT}\n{heading}\n{behind}", title=TITLE) == TEXT


@pytest.mark.parametrize(
    "notice",
    [
        "We use cookies to improve your experience and to show you tariffs.",
        "By continuing to browse you accept our cookies.",
        "Subscribe to our newsletter for more on tariffs",
        "Sign up for our daily briefing",
        "Advertisement",
        "READ MORE: Tariffs and rare earths",
        "Related: Trump-Xi summit",
        "Follow us on X",
        "© 2025 The Wire. All rights reserved.",
        "Please enter your comment!",
        "本网站使用 Cookies",
        "相关阅读：稀土",
        "このサイトではCookieを使用しています",
        "Diese Website verwendet Cookies.",
        "関連記事：レアアース",
    ],
)
def test_notices_and_links_go_and_the_text_around_them_stays(notice: str) -> None:
    first, second = TEXT.split("\n")
    assert cut(f"{TITLE}\n{first}\n{notice}\n{second}", title=TITLE) == TEXT


def test_a_heading_above_the_text_takes_only_its_own_line() -> None:
    assert cut(f"{TITLE}\nRelated articles\n{TEXT}", title=TITLE) == TEXT


def test_a_heading_with_little_before_and_no_prose_behind_it_is_the_tail() -> None:
    assert cut(f"Port agreed\nRelated articles\n{PLANTED[:40]}", title="") == "Port agreed"


def test_a_very_long_line_is_neither_heading_nor_notice() -> None:
    line = "read more: " + "x" * 400
    assert cut(line, title="y" * 3) == line


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="nothing"),
        pytest.param(TITLE, id="the title"),
        pytest.param("Related articles", id="a heading"),
        pytest.param("Read more", id="a notice"),
        pytest.param("Tariffs", id="a menu"),
    ],
)
def test_a_page_of_very_many_equal_lines_is_read_to_its_end(line: str) -> None:
    assert cut("\n".join([line] * 20_000) + f"\n{TITLE}\n{TEXT}", title=TITLE) == TEXT


@pytest.mark.parametrize(
    ("title", "line"),
    [
        pytest.param("word " * 10_000, "a|" * 20_000, id="marks of a site behind every letter"),
        pytest.param(TITLE, "more about " + "ab" * 25 + " c d e f", id="nearly a heading"),
        pytest.param("\uff21\ufdfa x", "\uff21\ufdfa x y", id="a letter that folds to four words"),
    ],
)
@pytest.mark.timeout(20)
def test_hostile_lines_are_read_in_linear_time(title: str, line: str) -> None:
    text = "\n".join([line] * (1 + 400_000 // len(line)))
    assert cut(text, title=title) == text


def test_an_article_that_repeats_its_title_below_its_text_is_not_cut() -> None:
    text = f"{TEXT}\n{TITLE}\nThe ministers left the island in the evening, and will meet again after the summer."
    assert cut(text, title=TITLE) == text


@pytest.mark.corpus
@pytest.mark.parametrize("as_html", [False, True], ids=["as text", "as HTML"])
def test_of_the_golden_page_only_the_article_is_left(as_html: bool) -> None:
    given = Path(os.environ.get("TOCSIN_SHARED_DATA", "../shared/data")) / "seed" / "kuala-lumpur-2025-10-26.txt"
    lines = given.read_text("utf-8").split("\n")
    start = lines.index("What’s at stake as US and China trade negotiators meet ahead of Trump-Xi summit")
    end = lines.index("RELATED ARTICLES")
    planted = [
        *("Rare earths and tariffs | " + line for line in lines[:start]),
        *lines[start:end],
        *(part for line in lines[end:] for part in (line, PLANTED)),
    ]
    source = "".join(f"<div>{line}</div>" for line in planted) if as_html else "\n".join(planted)
    expected = [line for line in lines[start + 1 : end] if line]
    assert cut(to_text(source), title=lines[start].replace("’", "'")).split("\n") == expected
