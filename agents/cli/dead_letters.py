"""`tocsin dead-letters`: records that a stage could not process, with the reason."""

from base64 import b64decode
from typing import Annotated

import typer

from agents.cli.options import Json, Limit, with_broker
from agents.cli.output import print_fields, print_json, print_rows
from agents.cli.reading import Found, one, read
from config.settings import Settings
from streams.dead_letter import DeadLetter
from streams.errors import Reason
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
    print_rows(map(_row, found[-limit:]), as_json=json)


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
    }


COMMANDS = {"list": list_, "show": show}
