import asyncio
import fcntl
import io
import json
import logging
import os
import struct
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from agents import log
from agents.run import report as run_report
from agents.run.report import MOST_WAITING, OwnLines, RunLog, RunReport, read_line
from streams.errors import ConfigurationError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[RunLog]:
    kept = RunLog(tmp_path / "log" / "tocsin.log")
    yield kept
    kept.close()
    kept.close()


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


def said(level: str, event: str, **fields: object) -> str:
    return json.dumps({"event": event, "level": level, "stage": "poll", "timestamp": "2026-01-01T00:00:00Z", **fields})


@pytest.mark.parametrize(
    ("line", "level", "text"),
    [
        pytest.param(said("info", "article published", feed="ustr"), "info", "article published  feed=ustr", id="ours"),
        pytest.param("Traceback (most recent call last):", None, "Traceback (most recent call last):", id="a text"),
        pytest.param('{"a": 1}', None, '{"a": 1}', id="another program's JSON"),
        pytest.param("17", None, "17", id="JSON that is no mapping"),
        pytest.param(
            said("error", "stage failed", exception="Traceback:\n  …\nKeyError: 'x'"),
            "error", "stage failed  KeyError: 'x'", id="of a stack trace the last line",
        ),
    ],
)  # fmt: skip
def test_a_line_becomes_words(line: str, level: str | None, text: str) -> None:
    assert (read_line(line).level, read_line(line).text) == (level, text)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        pytest.param(said("debug", "polled"), "", id="debug"),
        pytest.param(said("info", "polled"), "", id="info"),
        pytest.param(said("warning", "feed is silent"), "poll     feed is silent\n", id="warning"),
        pytest.param(said("critical", "gone"), "poll     gone\n", id="critical"),
        pytest.param("feeds.yaml:3:5 what", "poll     feeds.yaml:3:5 what\n", id="a text"),
        pytest.param("  ", "", id="an empty line"),
        pytest.param(said("error", "not the leader", logger="aiokafka.consumer"), "", id="a Kafka client in passing"),
        pytest.param(
            said("error", "never awaited", logger="asyncio"), "poll     never awaited\n", id="another library"
        ),
        pytest.param("see https://example.test/S3CRET", "poll     see https://example.test\n", id="a secret"),
    ],
)
def test_the_terminal_shows_warnings_and_the_file_everything(kept: RunLog, line: str, shown: str) -> None:
    out = io.StringIO()
    report = RunReport(out, kept)
    report.line("poll", line)
    report.tell(at_once=True)
    assert out.getvalue() == shown
    written = kept.path.read_text(encoding="utf-8")
    assert written == f"poll     {line}\n".replace("/S3CRET", "")


def failed(number: int, level: str = "warning") -> str:
    host = f"cannot connect to a host with a long name, {number}.example.test"
    return said(level, "poll failed", feed=f"feed-{number}", outcome="connect_error", detail=host)


def test_what_fails_at_once_in_many_places_is_one_line(kept: RunLog) -> None:
    out, now = io.StringIO(), [0.0]
    report = RunReport(out, kept, now=lambda: now[0])
    for number in range(9):
        report.line("poll", failed(number))
    report.line("deliver", said("warning", "poll failed", feed="of another process"))
    assert out.getvalue() == ""
    now[0] = 3.0
    report.tell()
    assert out.getvalue().splitlines() == [
        "poll     poll failed, 9 times  feed=feed-0, feed-1, feed-2 and 6 more  outcome=connect_error",
        "deliver  poll failed  feed=of another process",
    ]
    assert len(kept.path.read_text(encoding="utf-8").splitlines()) == 10


def test_what_goes_on_failing_is_told_three_times_in_ten_minutes(kept: RunLog) -> None:
    out, now = io.StringIO(), [0.0]
    report = RunReport(out, kept, now=lambda: now[0])
    for number in range(150):
        report.line("poll", failed(number))
        now[0] += 4.0
        report.tell()
    assert [line.partition("  feed")[0] for line in out.getvalue().splitlines()] == ["poll     poll failed"] * 3
    report.line("poll", failed(150))
    now[0] += 10.0
    report.tell()
    assert out.getvalue().splitlines()[3].startswith("poll     poll failed, 148 times  feed=feed-3, feed-4, ")


def test_an_error_does_not_wait_and_still_does_not_flood(kept: RunLog) -> None:
    out = io.StringIO()
    report = RunReport(out, kept, now=lambda: 0.0)
    for number in range(9):
        report.line("poll", failed(number, "error"))
    assert [line.split()[3] for line in out.getvalue().splitlines()] == ["feed=feed-0", "feed=feed-1", "feed=feed-2"]


def test_the_end_of_a_process_comes_after_its_last_words(kept: RunLog) -> None:
    out = io.StringIO()
    report = RunReport(out, kept)
    report.line("poll", said("warning", "no space left"))
    report.restarted("poll", "exit 70", 0.5)
    assert out.getvalue().splitlines() == [
        "poll     no space left", "poll     ended (exit 70), starts again in 0.5 s",
    ]  # fmt: skip


async def test_what_has_gathered_is_told_by_itself(kept: RunLog) -> None:
    out, now = io.StringIO(), [0.0]
    report = RunReport(out, kept, now=lambda: now[0])
    report.line("poll", said("warning", "feed is silent"))
    now[0] = 3.0
    telling = asyncio.create_task(report.telling())
    await asyncio.sleep(0)
    telling.cancel()
    assert out.getvalue() == "poll     feed is silent\n"


def test_a_warning_takes_one_row_of_a_terminal_and_an_error_is_shown_whole(kept: RunLog) -> None:
    reading, writing = os.openpty()
    fcntl.ioctl(writing, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    with os.fdopen(reading, "rb", 0), os.fdopen(writing, "w", encoding="utf-8") as out:
        report = RunReport(out, kept)
        report.line("run", failed(1, "error"))
        assert os.read(reading, 4096).decode().endswith("1.example.test\r\n")
        report.line("poll", failed(1))
        report.tell(at_once=True)
        assert os.read(reading, 4096).decode() == "\x1b[33mpoll    \x1b[0m poll failed  feed=feed-1  out…\r\n"


def test_the_file_is_rotated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run_report, "LOG_BYTES", 100)
    small = RunLog(tmp_path / "small" / "tocsin.log")
    for number in range(50):
        small.keep("poll", f"line {number}")
    small.close()
    files = sorted(path.name for path in small.path.parent.iterdir())
    assert files == ["tocsin.log", "tocsin.log.1", "tocsin.log.2", "tocsin.log.3"]
    assert small.path.read_text(encoding="utf-8").splitlines()[-1] == "poll     line 49"


def test_a_start_reads_like_a_table(kept: RunLog) -> None:
    out = io.StringIO()
    report = RunReport(out, kept)
    report.title("tocsin 0.1.0")
    report.step("broker", 3.06, "127.0.0.1:20001")
    report.step("metrics", note="http://127.0.0.1:9100/metrics")
    report.notice("first alert after 9.1 s")
    report.restarted("poll", "exit 69, something outside is not there", 0.5)
    assert out.getvalue().splitlines() == [
        "tocsin 0.1.0",
        "  broker       3.1 s  127.0.0.1:20001",
        "  metrics             http://127.0.0.1:9100/metrics",
        "  first alert after 9.1 s",
        "poll     ended (exit 69, something outside is not there), starts again in 0.5 s",
    ]
    assert kept.path.read_text(encoding="utf-8").splitlines() == [
        "run      tocsin 0.1.0",
        "run      broker 3.1 s 127.0.0.1:20001",
        "run      metrics  http://127.0.0.1:9100/metrics",
        "run      first alert after 9.1 s",
        "run      poll: ended (exit 69, something outside is not there), starts again in 0.5 s",
    ]


@pytest.mark.parametrize(
    ("out", "no_color", "coloured"),
    [
        pytest.param(Terminal(), "", True, id="a terminal"),
        pytest.param(Terminal(), "1", False, id="a terminal with NO_COLOR"),
        pytest.param(io.StringIO(), "", False, id="a file"),
    ],
)
def test_colours_are_for_terminals_whose_owner_wants_them(
    kept: RunLog, out: io.StringIO, no_color: str, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    RunReport(out, kept).step("broker", 3.0)
    assert ("\x1b[" in out.getvalue()) is coloured


@pytest.mark.usefixtures("logging_as_before")
def test_the_supervisors_own_log_goes_the_way_of_a_childs(kept: RunLog) -> None:
    out = io.StringIO()
    report = RunReport(out, kept)
    log.configure(form="auto", level="INFO", stream=OwnLines("run", report.line))
    log.named("broker").info("embedded broker ready")
    log.named("broker").warning("embedded broker had to be killed", exit_code=-9)
    report.tell(at_once=True)
    assert out.getvalue() == "run      embedded broker had to be killed  exit_code=-9\n"
    assert [json.loads(line[9:])["event"] for line in kept.path.read_text(encoding="utf-8").splitlines()] == [
        "embedded broker ready",
        "embedded broker had to be killed",
    ]


def test_a_full_disk_is_said_once_and_nothing_is_printed_beside(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tocsin.log").symlink_to("/dev/full")
    out = io.StringIO()
    kept = RunLog(tmp_path / "tocsin.log")
    report = RunReport(out, kept)
    for number in range(5):
        report.notice(f"line {number}")
    kept.close()
    lost = "the log has lost lines and may lose more: [Errno 28] No space left on device"
    assert out.getvalue().splitlines() == [lost, *(f"  line {number}" for number in range(5))]
    assert capfd.readouterr() == ("", "")


def test_a_log_that_cannot_be_made_is_a_line_with_its_cure(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("no folder")
    with pytest.raises(ConfigurationError, match="--data-dir"):
        RunLog(tmp_path / "log" / "tocsin.log")


def test_of_very_many_lines_that_wait_the_rest_are_counted_and_what_is_over_is_forgotten(kept: RunLog) -> None:
    out, now = io.StringIO(), [0.0]
    report = RunReport(out, kept, now=lambda: now[0])
    for number in range(1_000):
        report.line("poll", failed(number))
    (gathered,) = report._gathered.values()
    assert len(gathered.waiting) == MOST_WAITING
    now[0] = 3.0
    report.tell()
    assert out.getvalue().startswith("poll     poll failed, 1000 times  ")
    now[0] = 604.0
    report.tell()
    assert report._gathered == {}
