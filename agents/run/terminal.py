"""A terminal that may stand still (Ctrl-S, a pipe that nobody reads) without holding up who writes to it."""

import os
import queue
import threading
from contextlib import suppress
from typing import TextIO

MOST_LINES = 500
CLOSE_WITHIN_S = 1.0


class Terminal:
    """A text stream that is written to from a thread. What does not fit is dropped, and counted in its place."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._waiting: queue.Queue[str | None] = queue.Queue(MOST_LINES)
        self._lock = threading.Lock()
        self._dropped = 0
        self._closed = False
        self._writing = threading.Thread(target=self._write_on, name="terminal", daemon=True)
        self._writing.start()

    def write(self, text: str) -> int:
        """Take whole lines; never wait."""
        try:
            self._waiting.put_nowait(text)
        except queue.Full:
            with self._lock:
                self._dropped += text.count("\n")
        return len(text)

    def flush(self) -> None:
        """Do nothing: what was taken is on its way."""

    def isatty(self) -> bool:
        """Return whether a person reads it."""
        return self._out.isatty()

    def fileno(self) -> int:
        """Return the descriptor. Raises: OSError for a stream without one."""
        return self._out.fileno()

    def close(self) -> None:
        """Write what was taken, for a second at most."""
        with suppress(queue.Full):
            self._waiting.put_nowait(None)
        self._writing.join(CLOSE_WITHIN_S)
        self._closed = True

    def _write_on(self) -> None:
        while not self._closed and (text := self._waiting.get()) is not None:
            self._write(text)
            if self._waiting.empty():
                self._tell_dropped()

    def _tell_dropped(self) -> None:
        with self._lock:
            dropped, self._dropped = self._dropped, 0
        if dropped:
            self._write(f"  {dropped} lines are not shown, as the terminal stood still; the log has them\n")

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):  # a terminal that was closed must not keep anything from a clean end
            try:
                descriptor = self._out.fileno()
            except OSError:
                self._out.write(text)
                return
            # Not through the stream: a thread that stands in there holds its lock, and Python could not exit.
            rest = text.encode(self._out.encoding, self._out.errors or "strict")
            while rest:
                rest = rest[os.write(descriptor, rest) :]
