"""Decompression in small steps, so that a bomb is met while it is still small."""

import zlib
from collections.abc import Iterator

from streams.errors import TocsinError

STEP_BYTES = 256 * 2**10


class TooLargeError(TocsinError):
    """A body is larger than what is taken."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(f"the body is larger than {most_bytes} bytes")


class BadEncodingError(TocsinError):
    """A body is not encoded as its header says."""


class Inflater:
    """Takes a body's chunks in the given content encoding; gives its bytes, and never more than `most_bytes`."""

    def __init__(self, encoding: str, *, most_bytes: int) -> None:
        self._encoding = encoding.strip().lower()
        if self._encoding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise BadEncodingError(f"content encoding {self._encoding[:40]} was not asked for")
        self._plain = self._encoding in {"", "identity"}
        self._most_bytes = most_bytes
        self._parts: list[bytes] = []
        self._size = 0
        self._stream: zlib._Decompress | None = None

    def _new_stream(self, head: bytes) -> "zlib._Decompress":
        """Return a stream; `deflate` comes with a zlib header, or, from some servers, without."""
        raw = self._encoding == "deflate" and bool(head) and head[0] & 0x0F != zlib.DEFLATED
        return zlib.decompressobj(-zlib.MAX_WBITS if raw else zlib.MAX_WBITS | 32)

    def feed(self, chunk: bytes) -> Iterator[int]:
        """Take a chunk; yield after each step of work (256 KiB of output) the bytes so far.

        Raises: TooLargeError, BadEncodingError.
        """
        if self._plain:
            yield self._keep(chunk)
            return
        while chunk:
            chunk, part = self._step(chunk)
            yield self._keep(part)

    def _step(self, chunk: bytes) -> tuple[bytes, bytes]:
        """Return what is left of the chunk, and the bytes of one step."""
        stream = self._stream
        if stream is None:
            stream = self._stream = self._new_stream(chunk)
        if stream.eof:
            # gzip may hold several members, one after the other; zeros and other padding end it
            if not chunk.startswith(b"\x1f\x8b"):
                return b"", b""
            stream = self._stream = self._new_stream(chunk)
        try:
            part = stream.decompress(chunk, STEP_BYTES)
        except zlib.error as err:
            raise BadEncodingError(f"not {self._encoding}: {err}") from err
        return stream.unconsumed_tail or stream.unused_data, part

    def _keep(self, part: bytes) -> int:
        self._size += len(part)
        if self._size > self._most_bytes:
            raise TooLargeError(self._most_bytes)
        self._parts.append(part)
        return self._size

    def end(self) -> bytes:
        """Return the whole body. Raises: BadEncodingError when it broke off."""
        if self._stream is not None and not self._stream.eof:
            raise BadEncodingError("the compressed body broke off")
        return b"".join(self._parts)
