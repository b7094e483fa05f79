import pytest

from streams.articles.article import BODY_CHARS
from streams.articles.entry_text import EntryText, entry_text
from streams.feeds.entry import Entry

LONG = "The ministry said on Monday that duties would rise. " * 40


def text_of(title: str = "Tariffs rise", summary: str = "", content: str = "") -> EntryText:
    return entry_text(Entry(title=title, summary=summary, content=content))


@pytest.mark.parametrize(
    ("summary", "content", "lead", "body"),
    [
        pytest.param("Lead.", "", "Lead.", "", id="a summary"),
        pytest.param("", "Body.", "Body.", "", id="a short content is the lead"),
        pytest.param("Lead.", "<p>Other text.</p>", "Lead.", "Other text.", id="two texts"),
        pytest.param("Same text.", "<p>Same text.</p>", "Same text.", "", id="equal texts"),
        pytest.param(
            "Lead here.", "<p>Lead here.</p><p>More.</p>", "Lead here.", "More.", id="the body repeats the lead"
        ),
        pytest.param(
            "Two words", "<p>Two\nwords and more.</p>", "Two words", "and more.", id="repeated with other white space"
        ),
        pytest.param(
            "Sub line.", "<p>A.</p><p>Sub  line.</p><p>B.</p>", "Sub line.", "A.\nB.", id="repeated as a line"
        ),
        pytest.param("Lead. And more.", "Lead.", "Lead. And more.", "", id="the lead holds the body"),
        pytest.param("Tariffs rise", "<p>Body.</p>", "Body.", "", id="the summary is the title"),
        pytest.param(
            "Lead.", "<h1>Tariffs rise</h1><p>Body.</p>", "Lead.", "Body.", id="the body has the title's line"
        ),
        pytest.param("Cut off he\u2026", "<p>Cut off here.</p><p>More.</p>", "Cut off here.\nMore.", "", id="ellipsis"),
        pytest.param("Cut off [...]", "<p>Cut off here.</p>", "Cut off here.", "", id="ellipsis in brackets"),
        pytest.param("Another one...", "<p>Text.</p>", "Another one...", "Text.", id="ellipsis of another text"),
        pytest.param("<script>x()</script>", "", "", "", id="nothing but a script"),
    ],
)
def test_lead_and_body_never_repeat_each_other_or_the_title(summary: str, content: str, lead: str, body: str) -> None:
    text = text_of(summary=summary, content=content)
    assert (text.title, text.lead, text.body, text.truncated) == ("Tariffs rise", lead, body, False)


def test_of_one_long_text_the_first_paragraph_is_the_lead() -> None:
    text = text_of(content=f"<p>First paragraph.</p><p>{LONG}</p>")
    assert (text.lead, text.body) == ("First paragraph.", LONG.strip())


@pytest.mark.parametrize(
    ("paragraph", "ending"),
    [
        pytest.param(LONG, "would rise.", id="at a sentence's end"),
        pytest.param("\u5173\u7a0e\u5c06\u4e0a\u8c03\u3002" * 300, "\u3002", id="at a Chinese sentence's end"),
        pytest.param("word " * 400, "word", id="at a space"),
        pytest.param("x" * 3_000, "x", id="anywhere"),
    ],
)
def test_a_first_paragraph_that_is_too_long_is_cut_and_goes_on_in_the_body(paragraph: str, ending: str) -> None:
    text = text_of(content=paragraph)
    assert len(text.lead) <= 1_000
    assert text.lead.endswith(ending)
    assert "".join((text.lead + text.body).split()) == "".join(paragraph.split())


def test_a_long_summary_goes_on_in_the_body_before_the_content() -> None:
    text = text_of(summary=f"<p>First.</p><p>{LONG}</p>", content="<p>Last.</p>")
    assert (text.lead, text.body) == ("First.", f"{LONG.strip()}\nLast.")


def test_an_entry_without_a_title_takes_its_first_sentence() -> None:
    text = text_of(title="", summary=LONG)
    assert text.title == " ".join(["The ministry said on Monday that duties would rise."] * 3)
    assert text.lead.startswith("The ministry said")


def test_an_entry_with_one_short_line_and_no_title_has_a_title_only() -> None:
    assert text_of(title="", summary="Tariffs rise.") == EntryText(title="Tariffs rise.", lead="", body="")


def test_an_entry_without_a_title_takes_its_next_lines_as_lead() -> None:
    text = text_of(title="", summary=f"<p>Tariffs rise.</p><p>Second.</p><p>{LONG}</p>")
    assert (text.title, text.lead, text.body) == ("Tariffs rise.", "Second.", LONG.strip())


def test_an_empty_entry_has_empty_text() -> None:
    assert text_of(title="") == EntryText(title="", lead="", body="")


def test_a_title_is_one_line_of_plain_text() -> None:
    assert text_of(title="<b>Tariffs</b>\n &amp; <script>x()</script>more").title == "Tariffs & more"


def test_control_characters_that_hide_in_entities_are_replaced() -> None:
    text = text_of(title="A&#x202E;B", summary="C&#8;D")
    assert (text.title, text.lead) == ("A B", "CD")


def test_a_title_of_a_megabyte_is_cut_and_marked() -> None:
    text = text_of(title="x" * 10**6)
    assert (len(text.title), text.truncated) == (1_000, True)


def test_a_body_that_is_too_long_is_cut_and_marked() -> None:
    text = text_of(summary="Lead.", content="word " * 50_000)
    assert (len(text.body), text.truncated) == (BODY_CHARS, True)
    assert text_of(summary="Lead.", content="x" * 1_000_001).truncated


@pytest.mark.timeout(20)
def test_a_summary_of_nothing_but_dots_is_read_in_linear_time() -> None:
    summary = "… " * 20_000 + "x"
    assert text_of(summary=summary, content="<p>Body.</p>").body.endswith("Body.")
