import pytest

from streams.feeds.entry import Trouble
from streams.feeds.screen import screen

LAUGHS = (
    b'<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><rss><channel>&b;</channel></rss>'
)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(b"<rss>" + b"<a>" * 63 + b"</a>" * 63 + b"</rss>", id="64 deep"),
        pytest.param(b"<rss>" + b"<a/>" * 99_999 + b"</rss>", id="100,000 elements"),
        pytest.param(b'<!DOCTYPE rss PUBLIC "-//x//DTD" "http://x.test/rss.dtd"><rss/>', id="a doctype"),
        pytest.param('<?xml version="1.0" encoding="windows-1251"?><rss>\u0416</rss>'.encode("cp1251"), id="8 bit"),
        pytest.param('<?xml version="1.0" encoding="utf-16"?><rss/>'.encode("utf-16"), id="utf-16"),
    ],
)
def test_an_honest_document_passes(document: bytes) -> None:
    assert screen(document) is None


@pytest.mark.parametrize(
    ("document", "trouble"),
    [
        pytest.param(b"<rss>" + b"<a>" * 64 + b"</a>" * 64 + b"</rss>", Trouble.TOO_DEEP, id="65 deep"),
        pytest.param(b"<a>" * 200_000, Trouble.TOO_DEEP, id="depth bomb"),
        pytest.param(b"<rss>" + b"<a/>" * 100_000 + b"</rss>", Trouble.TOO_MANY_ELEMENTS, id="100,001 elements"),
        pytest.param(LAUGHS, Trouble.ENTITY_DECLARED, id="billion laughs"),
        pytest.param(
            b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>', Trouble.ENTITY_DECLARED, id="external"
        ),
        pytest.param(
            b'<!DOCTYPE r [<!ENTITY % x SYSTEM "http://x.test/"> %x;]><r/>', Trouble.ENTITY_DECLARED, id="parameter"
        ),
    ],
)
def test_a_hostile_document_is_refused(document: bytes, trouble: Trouble) -> None:
    problem = screen(document)
    assert problem is not None
    assert (problem.trouble, problem.fatal) == (trouble, True)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(b"<rss><channel></rss>", id="unbalanced"),
        pytest.param(b"<rss>&nbsp;</rss>", id="an entity of HTML"),
        pytest.param(b"<rss>\0</rss>", id="NUL"),
        pytest.param(b'<?xml version="1.0" encoding="gb2312"?><rss/>', id="multi-byte charset"),
        pytest.param(b'<?xml version="1.0" encoding="no-such"?><rss/>', id="unknown charset"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_malformed_document_is_told_and_may_still_be_read(document: bytes) -> None:
    problem = screen(document)
    assert problem is not None
    assert (problem.trouble, problem.fatal) == (Trouble.MALFORMED, False)
