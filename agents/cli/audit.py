"""`tocsin audit`: whether what was written down still stands as it was written, and a copy of it for others."""

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from agents.cli.moments import moment
from agents.cli.options import Json, connected, found, with_broker, with_settings
from agents.cli.output import print_json, print_rows
from agents.kafka import Incoming, partition
from agents.loops.follower import Reader
from config.settings import Settings
from streams.audit import AuditEntry, Finding, Verification
from streams.errors import ConfigurationError, PoisonError
from streams.topics import AUDIT, Names

CLOCKS_DIFFER = timedelta(minutes=5)  # between who acted and the broker
STDOUT = Path("-")


@with_settings
def verify(
    settings: Settings,
    file: Annotated[Path | None, typer.Argument(help="An exported file; without it the whole topic.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="List so many findings.")] = 50,
    *,
    json: Json = False,
) -> int:
    """Check every writer's chain: a gap, an edit, a swapped or doubled number is shown with its place.

    The place is the offset on the topic, or the line of the file. Exit 1 on a break. An export that was filtered has
    gaps.
    """
    verification = asyncio.run(_of_topic(connected(found(settings)))) if file is None else _of_file(file)
    breaks = [finding for finding in verification.findings if finding.is_break]
    if json:
        print_json(_counts(verification, breaks))
    else:
        print(_said(verification, breaks))
    if verification.findings:
        print_rows(map(_row, verification.findings[:limit]), as_json=json)
    if len(verification.findings) > limit:
        print(f"only the first {limit} are listed: --limit shows more", file=sys.stderr)
    return 1 if breaks else 0


@with_broker
def export(
    settings: Settings,
    file: Annotated[Path, typer.Argument(help="Where to; - is stdout.")] = STDOUT,
    *,
    from_: Annotated[str | None, typer.Option("--from", help="What was done since: 2026-03-02T22:00Z.")] = None,
    to: Annotated[str | None, typer.Option(help="What was done before: 2026-03-02T22:00Z.")] = None,
    user: Annotated[str | None, typer.Option(help="By this user.")] = None,
    action: Annotated[str | None, typer.Option(help="This action: delivered, dead, applied, ...")] = None,
    subject: Annotated[str | None, typer.Option(help="Upon this subject; the beginning is enough.")] = None,
) -> None:
    """Write entries as they stand, a JSON object a line. All of them make a file that `audit verify` takes."""
    try:
        asked = Asked(moment(from_) if from_ else None, moment(to) if to else None, user, action, subject)
    except ValueError as err:
        raise typer.BadParameter(str(err)) from None
    with _lines_to(file) as write:
        copy = Copy(asked, write)
        asyncio.run(_read(settings, copy.take, since=asked.since))
    print(f"{copy.written:,} of {copy.read:,} entries written", file=sys.stderr)
    if copy.unread:
        print(f"{copy.unread:,} can't be read and are left out: `tocsin audit verify` names them", file=sys.stderr)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries are wanted; None is no condition."""

    since: datetime | None = None
    until: datetime | None = None
    user: str | None = None
    action: str | None = None
    subject: str | None = None

    def wants(self, entry: AuditEntry) -> bool:
        """Return whether an entry meets every condition."""
        return (
            (self.since is None or entry.at >= self.since)
            and (self.until is None or entry.at < self.until)
            and self.user in (None, entry.user)
            and self.action in (None, entry.action)
            and entry.subject.startswith(self.subject or "")
        )


@dataclass(slots=True)
class Copy:
    """Writes the bytes of the entries that are wanted."""

    asked: Asked
    write: Callable[[bytes], None]
    read: int = 0
    written: int = 0
    unread: int = 0

    def take(self, record: Incoming) -> None:
        """Take one record of the topic."""
        self.read += 1
        try:
            entry = AuditEntry.from_json(record.value, schema=record.schema)
        except PoisonError:
            self.unread += 1
            return
        if self.asked.wants(entry):
            self.written += 1
            self.write((record.value or b"").replace(b"\n", b" "))


async def _of_topic(settings: Settings) -> Verification:
    """Return the verification of what the topic holds; only retention takes its beginning away."""
    async with _reader(settings) as reader:
        (begin,) = (await reader.begins()).values()
        verification = Verification(from_the_start=begin == 0)
        await reader.read_to(await reader.ends(), lambda record: verification.take(record.offset, record.value))
    return verification


def _of_file(file: Path) -> Verification:
    verification = Verification(from_the_start=False)
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if kept := line.strip():
                    verification.take(number, kept)
    except OSError as err:
        raise ConfigurationError(f"{file}: {err.strerror or err}") from err
    return verification


async def _read(settings: Settings, take: Callable[[Incoming], None], *, since: datetime | None) -> None:
    async with _reader(settings) as reader:
        if since is not None:
            await reader.seek_to(since - CLOCKS_DIFFER)
        await reader.read_to(await reader.ends(), take)


def _reader(settings: Settings) -> Reader:
    return Reader(settings, [partition(Names(settings.topic_prefix).of(AUDIT), 0)])


@contextmanager
def _lines_to(file: Path) -> Iterator[Callable[[bytes], None]]:
    """Return what writes a line; a file is there under its name only once it is whole."""
    if file == STDOUT:
        yield lambda line: print(line.decode())
        return
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("wb") as out:
            yield lambda line: _write(out.write, line)
        part.replace(file)
    except OSError as err:
        raise ConfigurationError(f"{file}: {err.strerror or err}") from err


def _write(write: Callable[[bytes], int], line: bytes) -> None:
    write(line + b"\n")


def _counts(verification: Verification, breaks: Iterable[Finding]) -> dict[str, int]:
    chains = verification.chains.values()
    return {
        "entries": verification.entries,
        "chains": len(chains),
        "closed": sum(chain.closed for chain in chains),
        "open": sum(not chain.closed for chain in chains),
        "begin_earlier": sum(chain.begins_late for chain in chains),
        "breaks": sum(1 for _ in breaks),
    }


def _said(verification: Verification, breaks: list[Finding]) -> str:
    counts = _counts(verification, breaks)
    if not verification.entries:
        return "the audit is empty"
    said = (
        f"{f'{len(breaks):,} breaks' if breaks else 'no break'} in {counts['entries']:,} entries of "
        f"{counts['chains']:,} writers: {counts['closed']:,} closed their chain, {counts['open']:,} still run or were "
        "killed"
    )
    earlier = counts["begin_earlier"]
    return f"{said}; {earlier:,} began before what is kept" if earlier else said


def _row(finding: Finding) -> dict[str, object]:
    return {
        "place": finding.place,
        "writer": finding.writer,
        "number": finding.number,
        "fault": finding.fault.value,
        "detail": finding.detail,
    }


COMMANDS = {"verify": verify, "export": export}
