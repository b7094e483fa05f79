import gzip
import zlib

import pytest

from agents.net.inflate import BadEncodingError, Inflater, TooLargeError

TEXT = b"tariffs and rare earths " * 10_000


def inflate(body: bytes, encoding: str, *, step: int = 1_000, most_bytes: int = 2**20) -> bytes:
    inflater = Inflater(encoding, most_bytes=most_bytes)
    for start in range(0, len(body), step):
        list(inflater.feed(body[start : start + step]))
    return inflater.end()


RAW = zlib.compressobj(wbits=-15)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        pytest.param(TEXT, "", id="plain"),
        pytest.param(TEXT, "identity", id="identity"),
        pytest.param(gzip.compress(TEXT), "gzip", id="gzip"),
        pytest.param(gzip.compress(TEXT), "X-GZIP", id="x-gzip"),
        pytest.param(gzip.compress(TEXT[:999]) + gzip.compress(TEXT[999:]), "gzip", id="two gzip members"),
        pytest.param(gzip.compress(TEXT) + bytes(64), "gzip", id="gzip with padding"),
        pytest.param(zlib.compress(TEXT), "deflate", id="deflate with its zlib header"),
        pytest.param(RAW.compress(TEXT) + RAW.flush(), "deflate", id="deflate without a header"),
    ],
)
@pytest.mark.parametrize("step", [97, 1_000, 10**6])
def test_a_body_comes_out_whole_however_it_is_cut(body: bytes, encoding: str, step: int) -> None:
    assert inflate(body, encoding, step=step) == TEXT


def test_an_empty_body_with_an_encoding_is_empty() -> None:
    assert inflate(b"", "gzip") == b""


def test_a_bomb_is_met_before_it_is_large() -> None:
    inflater = Inflater("gzip", most_bytes=2**20)
    with pytest.raises(TooLargeError, match="larger than 1048576 bytes"):
        list(inflater.feed(gzip.compress(bytes(2**26))))


def test_a_plain_body_that_is_too_large_is_refused() -> None:
    with pytest.raises(TooLargeError):
        inflate(TEXT, "", most_bytes=1_000)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        pytest.param(b"no gzip at all", "gzip", id="not gzip"),
        pytest.param(gzip.compress(TEXT)[:-20], "gzip", id="broken off"),
        pytest.param(TEXT, "br", id="never asked for"),
    ],
)
def test_a_body_that_is_not_as_its_header_says_is_refused(body: bytes, encoding: str) -> None:
    with pytest.raises(BadEncodingError):
        inflate(body, encoding)
