import pytest

from streams.matching.markers import markers
from streams.matching.match import Markers

CORRECTED, WITHDRAWN = Markers(correction=True), Markers(retract=True)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("CORRECTED-China lifts tariffs", CORRECTED),
        ("Correction: China lifts tariffs", CORRECTED),
        ("China lifts tariffs (Corrected)", CORRECTED),
        ("REFILE-China lifts tariffs", CORRECTED),
        ("REUTERS - CORRECTED: China", CORRECTED),
        ("UPDATE 1-CORRECTED-China lifts tariffs", Markers(correction=True, update=1)),
        ("KORREKTUR: Zölle", CORRECTED),
        ("【訂正】関税", CORRECTED),
        ("更正：关税", CORRECTED),
        ("[정정] 관세", CORRECTED),
        ("WITHDRAWN-China lifts tariffs", WITHDRAWN),
        ("RETRACTION: China lifts tariffs", WITHDRAWN),
        ("KILL-Oil", WITHDRAWN),
        ("Retraction", WITHDRAWN),
        ("撤回：关税", WITHDRAWN),
        ("기사 철회: 관세", WITHDRAWN),
        ("ZURÜCKGEZOGEN: Zölle", WITHDRAWN),
        ("UPDATE 2-China lifts tariffs", Markers(update=2)),
        ("WRAPUP 3-China lifts tariffs", Markers(update=3)),
        ("Update: China lifts tariffs", Markers(update=1)),
        ("China lifts tariffs (Update 3)", Markers(update=3)),
        ("更新：关税", Markers(update=1)),
        ("Kill Bill returns", Markers()),
        ("Kill-switch law passes", Markers()),
        ("Correction-hit stocks rise", Markers()),
        ("Withdrawn troops return", Markers()),
        ("Correct answers only", Markers()),
        ("Update on trade talks", Markers()),
        ("", Markers()),
    ],
)
def test_a_headline_says_what_it_is(title: str, expected: Markers) -> None:
    assert markers(title, "", "") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(Corrects day in paragraph 3)\nChina", CORRECTED),
        ("China.\nCorrection: An earlier figure was wrong.", CORRECTED),
        ("China.\nAn earlier version of this article misstated the rate.", CORRECTED),
        ("CORRECTED: China lifts", CORRECTED),
        ("This story has been withdrawn.", WITHDRAWN),
        ("The price was corrected to 5 dollars", Markers()),
        ("Troops were withdrawn", Markers()),
        ("Update: more to come", Markers()),
    ],
)
def test_a_note_in_the_text_says_what_it_is(text: str, expected: Markers) -> None:
    assert markers("x", text, "") == expected
    assert markers("x", "", "Long text. " * 100 + "\n" + text if "\n" in text else text) == expected
