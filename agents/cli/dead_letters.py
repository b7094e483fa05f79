"""`tocsin dead-letters`: records that a stage could not process, with the reason."""

import asyncio
from base64 import b64decode
from typing import Annotated

import typer

from agents.cli.options import Json, Limit, with_broker
from agents.cli.output import print_fields, print_json, print_rows
from agents.cli.reading import Found, one, read
from agents.cli.redriving.letters import headings, newest
from agents.cli.redriving.letters import redrive as resend
from config.problems import did_you_mean
from config.settings import Settings
from streams.dead_letter import DeadLetter
from streams.errors import ConfigurationError, Reason
from streams.topics import DEAD_LETTERS


@with_broker
def list_(
    settings: Settings,
    stage: Annotated[str | None, typer.Option(help="Of this stage alone.")] = None,
    reason: Annotated[Reason | None, typer.Option(help="For this reason alone.")] = None,
    limit: Limit = 50,
    *,
    json: Json = False,
) -> None:
    """List the newest dead letters."""
    found = read(
        settings,
        DEAD_LETTERS,
        DeadLetter,
        lambda letter: stage in (None, letter.stage) and reason in (None, letter.reason),
    )
    print_rows(map(_row, newest(found)[-limit:]), as_json=json)


@with_broker
def redrive(
    settings: Settings,
    origin: Annotated[str | None, typer.Argument(help="topic/partition/offset, as `list` shows it.")] = None,
    stage: Annotated[str | None, typer.Option(help="All of this stage.")] = None,
    reason: Annotated[Reason | None, typer.Option(help="All for this reason.")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written; write nothing.")] = False,
    json: Json = False,
) -> int:
    """Write the records of dead letters to their topics again.

    A delivery that is dead is sent anew instead, as by `deliveries redrive`. Exit 1 if nothing can be done.
    """
    if (origin is None) is (stage is None and reason is None):
        raise typer.BadParameter("give an origin, or --stage or --reason")
    letters = asyncio.run(headings(settings))
    wanted = [
        letter
        for letter in letters
        if (letter.origin == origin if origin else letter.redriven_at is None)
        and stage in (None, letter.stage)
        and reason in (None, letter.reason)
    ]
    if origin and not wanted:
        near = did_you_mean(origin, {letter.origin for letter in letters})
        raise ConfigurationError(
            f"no dead letter {origin}{near}: they are kept for 31 days, `tocsin dead-letters list`"
        )
    rows = asyncio.run(resend(settings, wanted, dry_run=dry_run))
    print_rows(rows, as_json=json, empty="no dead letter is left to redrive")
    return 0 if any(row["to"] or row["delivery"] for row in rows) or not rows else 1


@with_broker
def show(settings: Settings, origin: str, *, json: Json = False) -> None:
    """Show one dead letter with the beginning of its record. ORIGIN is topic/partition/offset."""
    found = one(
        read(settings, DEAD_LETTERS, DeadLetter, lambda letter: letter.origin == origin), f"dead letter {origin}"
    )
    if json:
        print_json(found.record)
        return
    headers = {name: b64decode(value).decode("utf-8", "replace") for name, value in found.record.headers}
    print_fields({**_row(found), "error": found.record.error, **headers}, as_json=False)
    print(printable_lines(b64decode(found.record.first_64k)))


def printable_lines(raw: bytes) -> str:
    """Return bytes as text that can't steer a terminal."""
    return "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in raw.decode("utf-8", "replace"))


def _row(found: Found[DeadLetter]) -> dict[str, object]:
    letter = found.record
    return {
        "at": letter.last_seen_at,
        "origin": letter.origin,
        "stage": letter.stage,
        "reason": letter.reason.value,
        "size_bytes": letter.size_bytes,
        "count": letter.count,
        "redriven_at": letter.redriven_at,
    }


COMMANDS = {"list": list_, "show": show, "redrive": redrive}
