from pathlib import Path

import pytest

from agents.cli.page import Page, read_page
from streams.errors import ConfigurationError
from tests.support.data import shared_data

TEXT = """\
Sunday
HomeTariffs on everything, ahead of...

The talks begin

First paragraph about nothing.

RELATED ARTICLES

Tariffs raised again
"""
HTML = """\
<!doctype html><html><head><title>Tariffs site</title><script>tariffs()</script></head><body>
<nav><a href="/">Tariffs</a></nav><h1>The <em>talks</em> begin</h1>
<p>First paragraph<br>about nothing.</p><h3>Related Articles:</h3><ul><li>Tariffs raised again</li></ul></body></html>
"""


def placed(page: Page, texts: list[str]) -> list[int | None]:
    """Return the number of the page's line in which each text begins."""
    return [None if place is None else page.line_at(place) for place in page.place(texts)]


def test_the_title_of_a_text_is_the_first_line_before_a_blank_one_that_is_not_cut_off() -> None:
    page = read_page(TEXT.encode(), name="page.txt")
    assert (page.title, page.title_line) == ("The talks begin", 3)


def test_the_title_of_a_page_is_its_h1_whatever_its_head_says() -> None:
    page = read_page(HTML.encode(), name="page.html")
    assert page.title == "The talks begin"
    assert page.lines == ("Tariffs", "The talks begin", "First paragraph", "about nothing.", "Related Articles:",
                          "Tariffs raised again")  # fmt: skip


@pytest.mark.parametrize("text", [TEXT, HTML], ids=["text", "html"])
def test_what_stands_above_the_title_and_in_the_tail_is_boilerplate(text: str) -> None:
    page = read_page(text.encode(), name="page")
    plain = {line for number, line in enumerate(page.lines) if line and not page.is_boilerplate(number)}
    assert plain in ({"The talks begin", "First paragraph about nothing."},
                     {"The talks begin", "First paragraph", "about nothing."})  # fmt: skip


def test_a_page_without_a_tail_has_none() -> None:
    page = read_page(b"Title\n\nText\n", name="page.txt")
    assert page.tail_line == len(page.lines)


def test_lines_of_an_article_are_placed_in_order_even_when_a_paragraph_was_split() -> None:
    page = read_page(TEXT.encode(), name="page.txt")
    assert placed(page, ["First paragraph", "about nothing.", "Tariffs raised again"]) == [5, 5, 9]


def test_a_cutter_that_leaves_the_navigation_in_is_caught() -> None:
    page = read_page(TEXT.encode(), name="page.txt")
    assert placed(page, ["HomeTariffs on everything, ahead of...", "First paragraph about nothing."]) == [1, 5]


def test_a_line_that_the_page_does_not_have_is_placed_nowhere() -> None:
    page = read_page(TEXT.encode(), name="p")
    assert placed(page, ["Sunday", "invented", "The talks begin"]) == [0, None, 3]


def test_words_that_the_menu_has_too_are_those_of_the_article() -> None:
    page = read_page(b"Tariffs\nWorld...\n\nTitle\n\nTariffs\n\nRise", name="p")
    assert placed(page, ["Tariffs", "Rise"]) == [5, 7]


def test_where_a_reader_breaks_lines_does_not_matter() -> None:
    page = read_page(b"<h1>Title</h1><table><tr><td>May<td>1.5</tr></table><p>One</p><p>two</p>", name="p")
    assert placed(page, ["May 1.5", "One two"]) == [1, 3]


@pytest.mark.parametrize(
    ("given", "title"),
    [
        pytest.param("<html><head><title>x</title><body><h1>No end of head</h1>", "No end of head", id="open head"),
        pytest.param("<h1>Two<br>lines</h1><p>x", "Two lines", id="a break in the title"),
        pytest.param("<h1><img></h1><h1>Talks</h1><p>x", "Talks", id="a logo"),
        pytest.param(
            "<title>Talks begin | Wire</title><h1>Wire</h1><h1>Talks begin</h1>", "Talks begin", id="the site's name"
        ),
        pytest.param("<section><h1>A part</h1>x</section>", "A part", id="a part of a page"),
        pytest.param("\ufeffTitle\r\n\r\nText\r\n", "Title", id="a text of Windows"),
        pytest.param("Menu ...\n \t\nTitle\u00a0 x \n\u3000\nText", "Title x", id="white space of other kinds"),
        pytest.param("Ti\x00tle\n\nText", "Ti tle", id="control characters"),
    ],
)
def test_titles_are_found_however_the_page_is_written(given: str, title: str) -> None:
    assert read_page(given.encode(), name="page").title == title


@pytest.mark.parametrize(
    ("given", "title"),
    [
        pytest.param("<meta charset=gb18030><h1>关税</h1>".encode("gb18030"), "关税", id="declared"),
        pytest.param(
            '<meta content="text/html; charset=Shift_JIS"><h1>関税</h1>'.encode("cp932"), "関税", id="old style"
        ),
        pytest.param("关税\n\n稀土".encode("utf-16"), "关税", id="byte order mark"),
        pytest.param("<meta charset=gbk><h1>关税</h1>".encode(), "关税", id="declared wrongly"),
        pytest.param(b"<meta charset=no-such><h1>\xff</h1>", "\ufffd", id="an unknown charset"),
        pytest.param(b"Caf\xe9\n\nText", "Caf\ufffd", id="no charset at all"),
    ],
)
def test_a_page_is_read_in_the_charset_that_it_declares(given: bytes, title: str) -> None:
    assert read_page(given, name="page").title == title


@pytest.mark.parametrize(
    ("line", "is_tail"),
    [
        ("RELATED ARTICLES", True),
        ("Leave a Reply:", True),
        ("## most popular", True),
        ("Recent\u00a0Comments", True),
        ("Most popular is the duty on steel.", False),
        ("The related articles", False),
        ("More recent comments", False),
    ],
)
def test_the_tail_begins_at_a_line_that_is_its_heading_and_nothing_else(line: str, is_tail: bool) -> None:
    text = f"Title\n\nText\n{line}\nTariffs"
    html = f"<h1>Title</h1><p>Text</p><div><span>{line}</span></div>Tariffs"
    for given in (text, html):
        page = read_page(given.encode(), name="page")
        assert page.is_boilerplate(len(page.lines) - 1) == is_tail


@pytest.mark.parametrize("text", ["", "one line", "<html><body><p>no heading</p></body></html>", "<h1> </h1><p>x</p>"])
def test_a_page_without_a_title_is_refused_with_the_cure(text: str) -> None:
    with pytest.raises(ConfigurationError, match="no title"):
        read_page(text.encode(), name="page")


@pytest.mark.corpus
def test_the_seed_page_is_read_as_its_readers_see_it() -> None:
    path = next(Path(shared_data("seed")).glob("*.txt"))
    page = read_page(path.read_bytes(), name=path.name)
    assert page.title.startswith("What’s at stake")
    assert page.lines[page.tail_line] == "RELATED ARTICLES"
