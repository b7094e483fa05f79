from pathlib import Path

import pytest

from agents.cli.page import read_page
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


def test_the_title_of_a_text_is_the_first_line_before_a_blank_one_that_is_not_cut_off() -> None:
    page = read_page(TEXT, name="page.txt")
    assert (page.title, page.title_line) == ("The talks begin", 3)


def test_the_title_of_a_page_is_its_h1_whatever_its_head_says() -> None:
    page = read_page(HTML, name="page.html")
    assert page.title == "The talks begin"
    assert page.lines == ("Tariffs", "The talks begin", "First paragraph", "about nothing.", "Related Articles:",
                          "Tariffs raised again")  # fmt: skip


@pytest.mark.parametrize("text", [TEXT, HTML], ids=["text", "html"])
def test_what_stands_above_the_title_and_in_the_tail_is_boilerplate(text: str) -> None:
    page = read_page(text, name="page")
    plain = {line for number, line in enumerate(page.lines) if line and not page.is_boilerplate(number)}
    assert plain in ({"The talks begin", "First paragraph about nothing."},
                     {"The talks begin", "First paragraph", "about nothing."})  # fmt: skip


def test_a_page_without_a_tail_has_none() -> None:
    page = read_page("Title\n\nText\n", name="page.txt")
    assert page.tail_line == len(page.lines)


def test_lines_of_an_article_are_placed_in_order_even_when_a_paragraph_was_split() -> None:
    page = read_page(TEXT, name="page.txt")
    assert list(page.place(["First paragraph", "about nothing.", "Tariffs raised again"])) == [5, 5, 9]


def test_a_cutter_that_leaves_the_navigation_in_is_caught() -> None:
    page = read_page(TEXT, name="page.txt")
    assert [page.is_boilerplate(number or 0) for number in page.place(["HomeTariffs on everything, ahead of..."])] == [
        True
    ]


def test_a_line_that_the_page_does_not_have_is_placed_nowhere() -> None:
    assert list(read_page(TEXT, name="p").place(["Sunday", "invented", "The talks begin"])) == [0, None, 3]


@pytest.mark.parametrize("text", ["", "one line", "<html><body><p>no heading</p></body></html>", "<h1> </h1><p>x</p>"])
def test_a_page_without_a_title_is_refused_with_the_cure(text: str) -> None:
    with pytest.raises(ConfigurationError, match="no title"):
        read_page(text, name="page")


@pytest.mark.corpus
def test_the_seed_page_is_read_as_its_readers_see_it() -> None:
    path = next(Path(shared_data("seed")).glob("*.txt"))
    page = read_page(path.read_text(encoding="utf-8"), name=path.name)
    assert page.title.startswith("What’s at stake")
    assert page.lines[page.tail_line] == "RELATED ARTICLES"
