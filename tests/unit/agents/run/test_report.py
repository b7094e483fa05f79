import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from agents import log
from agents.run import report as run_report
from agents.run.report import OwnLines, RunLog, RunReport, read_line


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
    RunReport(out, kept).line("poll", line)
    assert out.getvalue() == shown
    written = kept.path.read_text(encoding="utf-8")
    assert written == f"poll     {line}\n".replace("/S3CRET", "")


def test_what_repeats_is_shown_three_times_in_ten_minutes(kept: RunLog) -> None:
    out, now = io.StringIO(), [0.0]
    report = RunReport(out, kept, now=lambda: now[0])
    for number in range(9):
        report.line("poll", said("warning", "poll failed", feed=f"feed-{number}"))
    report.line("deliver", said("warning", "poll failed", feed="another process"))
    report.line("poll", said("warning", "feed is silent"))
    now[0] = 601.0
    report.line("poll", said("warning", "poll failed", feed="later"))
    assert out.getvalue().splitlines() == [
        "poll     poll failed  feed=feed-0",
        "poll     poll failed  feed=feed-1",
        "poll     poll failed  feed=feed-2",
        f"poll     poll failed: more of these, all in {kept.path}",
        "deliver  poll failed  feed=another process",
        "poll     feed is silent",
        "poll     poll failed  feed=later",
    ]
    assert len(kept.path.read_text(encoding="utf-8").splitlines()) == 12


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
    log.configure(form="auto", level="INFO", stream=OwnLines("run", RunReport(out, kept).line))
    log.named("broker").info("embedded broker ready")
    log.named("broker").warning("embedded broker had to be killed", exit_code=-9)
    assert out.getvalue() == "run      embedded broker had to be killed  exit_code=-9\n"
    assert [json.loads(line[9:])["event"] for line in kept.path.read_text(encoding="utf-8").splitlines()] == [
        "embedded broker ready",
        "embedded broker had to be killed",
    ]
