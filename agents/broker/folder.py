"""The embedded broker's folder: held by one broker at a time, known by its marker, and never half formatted."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from streams.errors import ConfigurationError, UnavailableError

MARKER = ".tocsin-broker"  # proves that a folder is ours, and is the file that the lock is on
LOG_SIZE_BYTES = 4_000_000
LOG_END_BYTES = 65_536


class FolderError(ConfigurationError):
    """The folder can't hold a broker: not writable, not ours, damaged or gone."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        super().__init__(f"{path}: {problem}")


class FolderInUseError(UnavailableError):
    """Another broker holds the folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"{path}: another tocsin runs its broker there; stop it, or give another folder with --data-dir"
        )


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the system's refusal to write there (full, read-only, no right) into one line with its cure."""
    try:
        yield
    except OSError as err:
        raise FolderError(path, f"the broker can't write there ({err.strerror}); give another --data-dir") from err


class BrokerFolder:
    """Everything that the broker keeps on disk; nothing else in the folder is ever touched."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.marker = path / MARKER
        self.properties = path / "server.properties"
        self.records = path / "records"
        self.unformatted = path / "records.new"
        self.trash = path / "records.old"
        self.log = path / "broker.log"
        self.lock: int | None = None

    def claim(self) -> int:
        """Return the descriptor of the lock that holds this folder, taken before Java starts.

        Two brokers on one folder destroy its records, and Kafka's own lock comes too late to prevent it. Java inherits
        the descriptor, so the lock lives as long as the last of both processes, even when this one is killed.

        Raises: FolderError, FolderInUseError.
        """
        if self.lock is not None:
            return self.lock
        with writing(self.path):
            if self.records.exists() and not self.marker.exists():
                raise FolderError(self.path, "its folder `records` is not tocsin's; give another --data-dir")
            self.path.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.marker, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            os.close(lock)
            raise FolderInUseError(self.path) from err
        self.lock = lock
        return lock

    def release(self) -> None:
        """Let the folder go; may be called twice."""
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None

    def is_formatted(self) -> bool:
        """Return whether there are records, or a place for them; formatting is a rename, so never half done.

        Raises: FolderError for records without the file that says whose they are: a new format would lose them.
        """
        if not self.records.exists():
            return False
        if self.identity() is None:
            raise FolderError(self.records, "its meta.properties is gone; restore it, or begin anew with --fresh")
        return True

    def identity(self) -> tuple[int, int] | None:
        """Return which file names the records' owner, None if it is gone; a new folder of the same name is another."""
        try:
            found = (self.records / "meta.properties").stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def turn_log(self) -> None:
        """Begin a new broker.log; the last run's stays beside it."""
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))

    def cut_log(self) -> None:
        """Empty broker.log once it is over 4 MB, so that it can't fill the disk; Java goes on at its new end."""
        with contextlib.suppress(OSError):  # the folder may go at any moment; the watch on it says so
            if self.log.stat().st_size > LOG_SIZE_BYTES:
                os.truncate(self.log, 0)

    def log_end(self) -> str:
        """Return the last 64 kB of broker.log."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - LOG_END_BYTES))
                return file.read().decode(errors="replace")
        except FileNotFoundError:
            return ""

    def clear(self) -> None:
        """Delete records and logs; renamed first, so that an interrupted deletion is never taken for records."""
        shutil.rmtree(self.trash, ignore_errors=True)
        if self.records.exists():
            self.records.rename(self.trash)
        for path in (self.trash, self.unformatted):
            shutil.rmtree(path, ignore_errors=True)
        for path in (self.properties, self.log, self.log.with_suffix(".log.1")):
            path.unlink(missing_ok=True)


def delete_data(path: Path) -> bool:
    """Return whether there was a broker's data to delete (`--fresh`); the folder and its marker stay.

    Only what a broker wrote is deleted, only where its marker stands, and only while no broker runs there.

    Raises: FolderError, FolderInUseError.
    """
    folder = BrokerFolder(path)
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return False
    if not folder.marker.is_file():
        raise FolderError(path, "not a folder of the embedded broker, nothing was deleted; give the right --data-dir")
    folder.claim()
    try:
        folder.clear()
    finally:
        folder.release()
    return True
