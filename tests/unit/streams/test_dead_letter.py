from base64 import b64decode
from datetime import UTC, datetime

from streams.dead_letter import KEPT_BYTES, DeadLetter, kept_bytes, kept_headers
from streams.errors import Reason

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_first_64_kb_are_kept_whatever_the_bytes_are() -> None:
    value = bytes(range(256)) * 300
    assert b64decode(kept_bytes(value)) == value[:KEPT_BYTES]
    assert kept_bytes(None) == ""


def test_headers_keep_their_order_and_bytes() -> None:
    headers = [("ce_id", b"1"), ("ce_id", b"\xff\x00")]
    assert [(name, b64decode(value)) for name, value in kept_headers(headers)] == headers


def test_a_dead_letter_is_keyed_by_where_the_record_stood() -> None:
    letter = DeadLetter(
        topic="tocsin.articles", partition=3, offset=77, headers=(), first_64k="", size_bytes=0, stage="match",
        reason=Reason.NOT_JSON, error="not JSON", first_seen_at=NOON, last_seen_at=NOON,
    )  # fmt: skip
    assert letter.origin == "tocsin.articles/3/77"
    assert DeadLetter.from_json(letter.to_json()) == letter
