"""`tocsin verify`: one page through the real pipeline on a throw-away broker, and a verdict on what came out."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agents import log
from agents.cli.options import with_settings
from agents.cli.output import print_json, printable, styled
from agents.cli.page import read_page
from config.settings import Settings
from streams.errors import ConfigurationError

if TYPE_CHECKING:
    from agents.cli.verdict import Twin, Verdict
    from config.entities import Entry
    from streams.articles.article import Article

FAILED_CHECK = 1
WORDS_SHOWN = 6


@with_settings
def verify(
    settings: Settings,
    *,
    page: Annotated[Path, typer.Argument(help="A page, HTML or plain text.")],
    expect: Annotated[str, typer.Option(help="Rules that must alert, with commas between.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Send a page through feeds, matching, stories and fan out; say which rules alert, and on which words.

    Exit 1 if an expected rule is missing, a span is not what it says, or boilerplate matched.
    """
    # The stages come along here; --help must not wait for them.
    from agents.cli.one_page import send_through  # noqa: PLC0415
    from agents.cli.verdict import judge  # noqa: PLC0415
    from config.rules import load_rules  # noqa: PLC0415

    log.configure(form=settings.log_format, level="CRITICAL")  # a broker that is a second old has much to say
    read = read_page(_bytes(page), name=page.name)
    entries = load_rules(settings.config_dir)
    seen = asyncio.run(send_through(read, settings, entries))
    expected = [name.strip() for name in expect.split(",") if name.strip()]
    verdict = judge(read, seen.article, seen.alerts, expected, twin_of(entries, settings, seen.article))
    if as_json:
        print_json(asdict(verdict))
    else:
        _tell(verdict)
    return 0 if verdict.good else FAILED_CHECK


def twin_of(entries: Sequence["Entry"], settings: Settings, article: "Article") -> "Twin":
    """Return what the brute-force twin finds in the article with these rules, entities and lists."""
    from agents.apply import rule_differences  # noqa: PLC0415 - as above
    from streams.matching import ruleset  # noqa: PLC0415 - as above
    from streams.matching.twin import brute_force  # noqa: PLC0415 - as above

    changes = rule_differences({}, entries, settings=settings, now=article.fetched_at)
    return brute_force.matches(
        [ruleset.read_rule(change) for change in changes if change.kind == "rule"],
        [ruleset.read_entity(change) for change in changes if change.kind == "entity"],
        [ruleset.read_list(change) for change in changes if change.kind == "list"],
        article,
    )


def _bytes(page: Path) -> bytes:
    try:
        return page.read_bytes()
    except OSError as err:
        raise ConfigurationError(f"{page}: {err.strerror}; name a page that can be read") from err


def _tell(verdict: "Verdict") -> None:
    if not verdict.alerts:
        print("no rule alerted")
    for alert in verdict.alerts:
        surfaces = list(dict.fromkeys(str(span["surface"]) for span in alert["spans"]))
        more = f" and {len(surfaces) - WORDS_SHOWN} more" if len(surfaces) > WORDS_SHOWN else ""
        words = ", ".join(map(printable, surfaces[:WORDS_SHOWN]))
        print(f"{styled(alert['rule_id'], 'strong')} ({alert['urgency']}): {words}{more}")
    print(f"spans {'are what they say' if verdict.spans_ok else styled('differ from the text or the twin', 'bad')}")
    if verdict.boilerplate_matches:
        print(styled(f"{verdict.boilerplate_matches} spans stand in boilerplate", "bad"))
    if verdict.missing:
        print(styled(f"missing: {', '.join(verdict.missing)}", "bad"))
