"""Which language a text is in: by its script first, then by a detector."""

import re
from functools import lru_cache
from typing import Protocol, cast

SAMPLE_CHARS = 2_000
UNKNOWN = "und"
LETTER = re.compile(r"[^\W\d_]")
KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
# Scripts that one language of the news writes; kana is asked before Han, since Japanese writes both.
SCRIPTS = (
    ("ko", re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")),
    ("zh", re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")),
    ("th", re.compile("[\u0e01-\u0e4f]")),
    ("el", re.compile("[\u0370-\u03ff\u1f00-\u1fff]")),
    ("he", re.compile("[\u05d0-\u05ea]")),
    ("ka", re.compile("[\u10a0-\u10ff]")),
    ("hy", re.compile("[\u0531-\u058f]")),
)
# Short headlines would be taken for Latin or Luxembourgish, if the detector were free to choose.
LANGUAGES = (
    *("ar", "bg", "cs", "da", "de", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id", "it", "lt"),
    *("lv", "ms", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "sw", "tr", "uk", "ur", "vi"),
)


class Detector(Protocol):
    """Tells the language of a text."""

    def classify(self, text: str) -> tuple[str, float]:
        """Return the language and how sure it is."""
        ...


def detect(text: str) -> tuple[str, str]:
    """Return the language (BCP 47; `und` if there is nothing to go by), and what told it: script, detector or none.

    A script counts when it writes a third of the letters; kana needs less, because Japanese is mostly Han.
    Raises: nothing. Cost: about 50 us by script, 300 us by the detector, whose model loads on first use.
    """
    sample = text[:SAMPLE_CHARS]
    letters = len(LETTER.findall(sample))
    if not letters:
        return UNKNOWN, "none"
    han = len(SCRIPTS[1][1].findall(sample))
    kana = len(KANA.findall(sample))
    if kana * 20 > letters and 3 * (kana + han) > letters:
        return "ja", "script"
    for language, script in SCRIPTS:
        if 3 * len(script.findall(sample)) > letters:
            return language, "script"
    return detector().classify(sample.encode("utf-8", "replace").decode())[0], "detector"


@lru_cache(maxsize=1)
def detector() -> Detector:
    """Return the detector for alphabets that many languages share."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - loads a model of 1 MB on import

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(list(LANGUAGES))
    return cast("Detector", identifier)
