import pytest

from streams.text.html import LONGEST_FORM, to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param("<p>One</p><p>two</p>", "One\ntwo", id="paragraphs are lines"),
        pytest.param("<div>a<br>b<ul><li>c<li>d</ul></div>", "a\nb\nc\nd", id="so are breaks and items"),
        pytest.param("<p>a\n  b</p>", "a b", id="a newline in a paragraph is a space"),
        pytest.param("<div>a\n \nb</div>", "a\nb", id="a blank line ends a paragraph"),
        pytest.param("one\ntwo\n\nthree", "one\ntwo\nthree", id="plain text keeps its lines"),
        pytest.param("<b>one</b>\ntwo", "one\ntwo", id="so does text with inline marks only"),
        pytest.param("<p>x</p><pre>a\nb</pre>c\nd", "x\na\nb\nc d", id="so does preformatted text"),
        pytest.param("rare <b>earth</b>s", "rare earths", id="inline marks don't split words"),
        pytest.param("<td>a</td><td>b</td>", "a b", id="cells do"),
        pytest.param("AT&amp;T &#8364;5 &#x4e2d;&nbsp;x", "AT&T €5 中 x", id="references are decoded"),
        pytest.param("a&#0;b&#1;c&#99999999;d", "a\ufffdbc\ufffdd", id="references to no character are harmless"),
        pytest.param("a\x00b\x1fc\x85d\ud800e", "a b c d\ufffde", id="controls and surrogates are replaced"),
        pytest.param("a\r\nb\rc", "a\nb\nc", id="every kind of line end is one"),
        pytest.param("5 < 6 <3 and a <", "5 < 6 <3 and a <", id="a < that opens nothing stays"),
        pytest.param("<a title='x > y' href=\"z>\">t</a>", "t", id="a > inside a quoted value ends no tag"),
        pytest.param("<a title='open>t", "t", id="a quote that isn't closed ends with the tag"),
        pytest.param('it<i>\'</i>s "<b>x</b>"', 'it\'s "x"', id="quotes in text are text"),
        pytest.param("<p class=a'b>t</p>", "t", id="a quote within a value is none"),
        pytest.param("<!-- <p>no</p> -->yes<!DOCTYPE x><?xml y?>", "yes", id="comments and declarations go"),
        pytest.param("a<!-- never closed", "a<!-- never closed", id="a comment that isn't closed is text"),
        pytest.param("a<b", "a<b", id="a tag that isn't closed is text"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_html_becomes_lines_of_text(html: str, text: str) -> None:
    assert to_text(html) == text


@pytest.mark.parametrize(
    "name", ["script", "style", "nav", "aside", "footer", "form", "template", "noscript", "select", "iframe", "title"]
)
def test_what_is_no_article_is_dropped(name: str) -> None:
    assert to_text(f"<p>a</p><{name.upper()} id=1><b>tariffs</b></{name}><p>b</p>") == "a\nb"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param("<nav>a<nav>b</nav>c</nav>d", "d", id="one within another of its kind"),
        pytest.param("<nav>a<aside>b</nav>c", "c", id="one that never ends within one that does"),
        pytest.param("a</nav>b", "a\nb", id="an end without a beginning"),
        pytest.param("<nav>a<p>b", "a\nb", id="one that never ends is kept"),
        pytest.param("a<script>b<p>c", "a", id="a script that never ends swallows the rest, as in a browser"),
        pytest.param("<script>if (a</b) '<p>'</script >x", "x", id="a script ends at its own end tag only"),
    ],
)
def test_dropping_survives_broken_nesting(html: str, text: str) -> None:
    assert to_text(html) == text


@pytest.mark.parametrize(
    "attributes",
    [
        "class=share",
        'class="td-social-sharing x"',
        "id='relatedLinks'",
        'data-x="1" CLASS="newsletter_box"',
        "id=top-nav",
    ],
)
@pytest.mark.parametrize("name", ["div", "section", "ul"])
def test_a_box_that_is_called_something_beside_the_article_is_dropped(name: str, attributes: str) -> None:
    box = f"<{name} {attributes}><div>no<nav>no</div>no</{name}>"
    assert to_text(f"<div>a{box}b</div></div>c") == "a\nb\nc"


@pytest.mark.parametrize(
    "html",
    [
        pytest.param('<div class="post tag-trending category-social">kept</div>', id="a post about them"),
        pytest.param('<div class="content has-sidebar">kept</div>', id="the content beside a sidebar"),
        pytest.param('<div class="sidebar"><h1>kept</h1></div>', id="a box around the page's heading"),
        pytest.param('<div data-class="share">kept</div>', id="another attribute"),
        pytest.param('<div class="shareholders">kept</div>', id="a part of a word"),
        pytest.param('<p class="share">kept</p>', id="a paragraph"),
        pytest.param('<div class="share">kept', id="a box that never ends"),
    ],
)
def test_what_may_be_the_article_is_kept(html: str) -> None:
    assert to_text(html) == "kept"


def test_a_long_box_is_kept_with_what_is_around_it() -> None:
    text = "Talks go on. " * (LONGEST_FORM // 10)
    assert to_text(
        f"<ul class=menu><div class=share>{text}</div><div class=share>no</div>b</ul>"
    ) == f"{text}\nb".replace(" \n", "\n")


def test_what_began_in_a_dropped_box_drops_nothing_behind_it() -> None:
    assert to_text("<div class=share><nav><div>no</section></div></div>a</nav></div>b") == "a\nb"
    assert to_text("<nav><div class=share>no</nav>a</div>b<nav><div class=share><nav>no</nav></div>no</nav>") == "a\nb"


def test_a_box_that_held_something_long_is_short_once_that_is_dropped() -> None:
    text = "Talks go on. " * (LONGEST_FORM // 10)
    assert to_text(f"<div class=share><nav><form>{text}</form></nav>no</div>a") == "a"


def test_a_page_wrapped_in_a_form_is_kept() -> None:
    article = "Talks go on. " * (LONGEST_FORM // 10)
    assert to_text(f"<form><p>{article}</p></form>") == article.strip()


@pytest.mark.parametrize(
    ("unit", "ends"),
    [
        ("<div>", "end"),
        ("<a '", "end"),
        ("<!--", "<!--\nend"),
        ('<a href="', "end"),
        ("&#9", "end"),
        ("<", "<\nend"),
        ("</nav>", "end"),
        ("<nav>", "end"),
        ("<form></form>", "end"),
        ("<pre>\n", "end"),
        ("<div class=nav>", "end"),
        ("<div class=nav></div></nav>", "end"),
        ("\x00", "end"),
        ("&amp", "&\nend"),
        ("<script>", ""),
    ],
)
def test_a_megabyte_of_garbage_is_read_to_its_end(unit: str, ends: str) -> None:
    text = to_text(unit * (1_000_000 // len(unit)) + "<p>end</p>")
    assert text.endswith(ends)
    assert ("end" in text) == bool(ends)
