"""`tocsin audit` against the real Kafka: what people did, whether it still stands, and a copy that proves itself."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.audit import written
from agents.kafka import Outgoing, Producer, outgoing
from config.settings import load_settings
from streams.audit import Action, AuditEntry, Chain, sealed
from streams.ids import ReceiverId, delivery_id
from streams.routing.told import Routing
from streams.topics import ALERTS, AUDIT, ROUTINGS
from tests.support.alerting import alert, head
from tests.support.command_line import Tocsin

pytestmark = pytest.mark.kafka
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FILES = {
    "feeds": "version: 1\nfeeds: [{id: a, url: 'https://a.test/feed?key=PLANTED', publisher: A}]\n",
    "entities": "version: 1\nentities: [{id: e, type: t, names: {en: [Rare earths]}}]\n",
    "rules": "version: 1\nrules: [{id: rare-earths, query: '@e'}]\n",
    "routes": "version: 1\nreceivers: {console: {type: console}}\ndesks: {fx: {permissions: [public]}}\n"
    "route: {desk: fx, receivers: [console]}\n",
}


@pytest.fixture
def folder(tocsin: Tocsin, tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / f"tocsin.d/{name}.yaml").write_text(text)
    assert tocsin("topics", "apply").code == 0
    return tmp_path


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def append(outputs: Sequence[Outgoing]) -> None:
    async def run() -> None:
        producer = Producer(load_settings())
        await producer.start()
        await producer.deliver(outputs)
        await producer.stop()

    asyncio.run(run())


def chain(writer: str, length: int) -> list[AuditEntry]:
    made = Chain(writer)
    return [made.add(Action(at=NOON, action="delivered", subject=f"d{number}")) for number in range(1, length + 1)]


def raw(value: bytes) -> Outgoing:
    return Outgoing(topic=AUDIT, partition=0, key="x", value=value)


def test_what_people_do_is_audited_with_who_did_it_and_the_versions_and_no_secret(tocsin: Tocsin, folder: Path) -> None:
    for group in ("routes", "rules", "feeds"):
        assert tocsin(group, "apply").code == 0
        assert tocsin(group, "apply").code == 0  # which changes nothing
    (folder / "tocsin.d/rules.yaml").write_text("version: 1\nrules: []\n")
    assert tocsin("rules", "apply").code == 0
    silence = str(
        rows(tocsin("silences", "add", "topic=trade", "--for", "8h", "--comment", "c", "--json").out)[0]["id"]
    )
    assert tocsin("silences", "end", silence).code == 0

    said = tocsin("audit", "export")
    entries = [entry for entry in rows(said.out) if entry["action"] != "stopped"]
    assert {entry["user"] for entry in entries} == {"ann"}
    assert [(entry["action"], entry["subject"]) for entry in entries] == [
        ("applied", "routes"), ("applied", "entity/e"), ("applied", "rule/rare-earths"), ("applied", "feed/a"),
        ("deleted", "rule/rare-earths"), ("added", f"silence/{silence}"), ("ended", f"silence/{silence}"),
    ]  # fmt: skip
    routes, _, rule, feed, deleted, added, ended = entries
    assert (routes["before"], bool(routes["after"])) == (None, True)
    assert (rule["after"], feed["before"], bool(feed["after"])) == (deleted["before"], None, True)
    assert added["after"] == ended["before"]
    assert added["after"]["what"] == ['topic="trade"']  # type: ignore[index]  # JSON
    assert "PLANTED" not in said.out
    verdict = tocsin("audit", "verify", "--json")
    assert (verdict.code, rows(verdict.out)[0]["open"]) == (0, 0)


def test_an_export_verifies_alone_and_a_changed_one_does_not(tocsin: Tocsin, folder: Path) -> None:
    ours, theirs = chain("deliver/1/a", 6), chain("deliver/2/b", 6)
    append([written(entry) for pair in zip(ours, theirs, strict=True) for entry in pair])
    file = folder / "audit.jsonl"
    said = tocsin("audit", "export", str(file))
    assert (said.code, said.out, "12 of 12 entries written" in said.err) == (0, "", True)
    assert [AuditEntry.from_json(line) for line in file.read_bytes().splitlines()][::2] == ours
    said = tocsin("audit", "verify", str(file))
    assert (said.code, said.out.startswith("no break in 12 entries of 2 writers")) == (0, True)

    lines = file.read_bytes().splitlines()
    file.write_bytes(b"\n".join([*lines[:4], *lines[5:7], b"{", *lines[7:]]) + b"\n")
    said = tocsin("audit", "verify", str(file), "--json")
    counts, gap, unreadable = rows(said.out)
    assert (said.code, counts["breaks"]) == (1, 2)
    assert (gap["place"], gap["fault"], gap["writer"], gap["detail"]) == (6, "gap", "deliver/1/a", "3 is missing")
    assert (unreadable["place"], unreadable["fault"]) == (7, "unreadable")


def test_every_break_on_the_topic_is_shown_with_its_offset(tocsin: Tocsin, folder: Path) -> None:
    del folder
    entries = chain("deliver/1/a", 5)
    forged = sealed(entries[2].model_copy(update={"subject": "forged"}))
    append([written(entry) for entry in (entries[0], entries[1], forged, entries[3])] + [raw(b"{"), raw(b"\n\xff")])
    append([written(chain("deliver/2/b", 2)[1])])
    said = tocsin("audit", "verify")
    assert said.code == 1
    assert said.out.startswith("4 breaks in 7 entries of 2 writers")
    found = [(row["place"], row["fault"]) for row in rows(tocsin("audit", "verify", "--json").out)[1:]]
    assert found == [(3, "replaced"), (4, "unreadable"), (5, "unreadable"), (6, "gap")]
    few = tocsin("audit", "verify", "--limit", "1")
    assert "only the first 1 are listed" in few.err

    said = tocsin("audit", "export")
    assert (len(rows(said.out)), "2 can't be read and are left out" in said.err) == (5, True)


def test_an_export_takes_what_is_asked_for(tocsin: Tocsin, folder: Path) -> None:
    del folder
    made = Chain("deliver/1/a")
    append(
        [
            written(made.add(Action(at=NOON.replace(hour=hour), action=action, subject=f"d{hour}", user=user)))  # type: ignore[arg-type]  # a name
            for hour, action, user in ((9, "delivered", None), (10, "dead", None), (11, "redriven", "ann"))
        ]
    )

    def subjects(*asked: str) -> list[object]:
        said = tocsin("audit", "export", *asked)
        assert said.code == 0, said.err
        return [entry["subject"] for entry in rows(said.out)]

    assert subjects() == ["d9", "d10", "d11"]
    assert subjects("--from", "2026-03-02T18:00+08:00") == ["d10", "d11"]
    assert subjects("--to", "2026-03-02T10:00Z") == ["d9"]
    assert subjects("--action", "dead") == ["d10"]
    assert subjects("--user", "ann") == ["d11"]
    assert subjects("--subject", "d1") == ["d10", "d11"]
    assert tocsin("audit", "export", "--from", "yesterday").code == 2


def test_explain_says_how_a_delivery_ended_whose_state_is_over(tocsin: Tocsin, folder: Path) -> None:
    del folder
    given = alert(head=head("a1"))
    routing = Routing.model_validate(
        {
            "routing_id": f"{given.event_id}@fx", "event_id": given.event_id, "story_id": given.story_id, "desk": "fx",
            "decision": "told", "reason": "", "receivers": ("hook", "chat"), "routes_version": "r1",
        }
    )  # fmt: skip
    told = {"receiver": "hook", "attempts": 3, "provider_ref": None}
    name = str(delivery_id(ReceiverId("hook"), routing.desk, given.event_id, "alert"))
    made = Chain("deliver/1/a")
    append(
        [
            outgoing(ALERTS, given, key=given.story_id, by=given.story_id, ce_id="x", stage="test", at=NOON),
            outgoing(ROUTINGS, routing, key=given.story_id, by=given.story_id, ce_id="x", stage="test", at=NOON),
            *(
                written(made.add(Action(at=NOON, action=action, subject=name, after=after)))
                for action, after in (
                    ("redriven", {"delivery_id": "other"}), ("dead", told | {"outcome": "http_404"}),
                    ("dead", told | {"outcome": "a copy"}), ("unheard of", told | {"outcome": "x"}),
                )
            ),
            raw(b'{"subject":"' + name.encode() + b'"}'),
        ]
    )  # fmt: skip
    said = tocsin("explain", "a1").out
    assert "hook: dead after 3 attempts: http_404" in said
    assert "chat: not sent yet" in said


def test_an_empty_audit_and_files_that_are_not_there_are_said(tocsin: Tocsin, folder: Path) -> None:
    assert tocsin("audit", "verify").out == "the audit is empty\n"
    said = tocsin("audit", "verify", str(folder / "none.jsonl"))
    assert (said.code, "No such file" in said.err) == (78, True)
    said = tocsin("audit", "export", str(folder / "none/audit.jsonl"))
    assert (said.code, "No such file" in said.err) == (78, True)
