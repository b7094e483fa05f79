"""Signatures of webhooks, after Standard Webhooks 1.0."""

import hmac
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Sequence
from hashlib import sha256

from streams.errors import ConfigurationError

KEY_PREFIX = "whsec_"
ACTIVE_KEYS = 2  # both sign while a key is rotated, so that the receiver may change over at any time


def read_keys(text: str) -> tuple[bytes, ...]:
    """Return the active keys: one `whsec_<base64>` a line, the first two count. Raises: ConfigurationError."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise ConfigurationError("the signing keys' file is empty; write one whsec_... a line")
    return tuple(_key(line, number) for number, line in enumerate(lines[:ACTIVE_KEYS], 1))


def signature(keys: Sequence[bytes], *, webhook_id: str, timestamp: int, body: bytes) -> str:
    """Return the header `webhook-signature`: `v1,<base64>` for each key, over id, timestamp and exact bytes."""
    signed = b".".join((webhook_id.encode(), str(timestamp).encode(), body))
    return " ".join(f"v1,{b64encode(hmac.digest(key, signed, sha256)).decode()}" for key in keys)


def _key(line: str, number: int) -> bytes:
    try:
        key = b64decode(line.removeprefix(KEY_PREFIX), validate=True)
    except (Error, ValueError):
        key = b""
    if not key:
        raise ConfigurationError(f"signing key {number} is no base64 after whsec_")
    return key
