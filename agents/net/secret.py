"""Secrets: named by file or environment variable, read again when they change, shown nowhere."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from streams.errors import TocsinError
from streams.routing.receiver import named_secrets
from streams.routing.route import Receiver

MOST_BYTES = 64_000


class SecretMissingError(TocsinError):
    """A secret can't be read; the message names the file or variable, never a value."""

    retry_helps = True
    exit_code = 78


@dataclass(slots=True)
class Secret:
    """One secret. A file wins over a variable; a file is read again when its time, size or inode changed."""

    file: str | None = None
    env: str | None = None
    _seen: tuple[int, int, int] | None = None
    _value: str = field(default="", repr=False)

    def read(self) -> str:
        """Return the present value, without the white space around it. Raises: SecretMissingError."""
        value = self._from_file(self.file) if self.file else os.environ.get(self.env or "", "").strip()
        if not value:
            raise SecretMissingError(f"no secret in {self.file or f'the variable {self.env}'}")
        return value

    def _from_file(self, path: str) -> str:
        try:
            found = os.stat(path)  # noqa: PTH116 - before each delivery: making a Path takes longer than the look
            seen = (found.st_mtime_ns, found.st_size, found.st_ino)
            if seen != self._seen:
                with Path(path).open(encoding="utf-8") as text:
                    self._value = text.read(MOST_BYTES).strip()
                self._seen = seen
        except (OSError, UnicodeError):
            raise SecretMissingError(f"the secret file {path} can't be read; check path and rights") from None
        return self._value


def lacking(receivers: Iterable[Receiver]) -> Iterator[str]:
    """Yield a line for each secret of a receiver that can't be read here: a file may be a mount of another machine."""
    for receiver in receivers:
        for file, variable in named_secrets(receiver):
            try:
                Secret(file, variable).read()
            except SecretMissingError as err:
                yield f"receiver {receiver.receiver_id}: {err}"
