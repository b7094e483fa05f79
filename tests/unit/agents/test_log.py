import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from pydantic import SecretStr

from agents import log


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


def written(out: io.StringIO) -> dict[str, object]:
    (line,) = out.getvalue().splitlines()
    return json.loads(line)


def configured(form: str = "json", level: str = "INFO") -> io.StringIO:
    out = io.StringIO()
    log.configure(form=form, level=level, stream=out)
    return out


def test_a_line_has_its_message_stage_level_time_and_fields() -> None:
    out = configured()
    log.named("poll").info("article published", feed="ustr", articles=3)
    line = written(out)
    assert line.pop("timestamp")
    assert line == {"event": "article published", "stage": "poll", "level": "info", "feed": "ustr", "articles": 3}


def test_a_line_below_the_level_is_not_written() -> None:
    out = configured(level="WARNING")
    log.named("poll").info("article published")
    assert out.getvalue() == ""


def test_without_the_libraries_only_what_is_ours_is_written() -> None:
    out = io.StringIO()
    log.configure(form="json", level="INFO", stream=out, libraries=False)
    logging.getLogger("aiokafka").critical("Unable connect to it")
    logging.getLogger("asyncio").error("Unclosed client")
    assert out.getvalue() == ""
    log.named("kafka").warning("the broker does not answer yet")
    assert written(out)["event"] == "the broker does not answer yet"


def test_the_libraries_log_in_the_same_form_and_only_warnings() -> None:
    out = configured()
    logging.getLogger("aiokafka.consumer").info("fetched")
    logging.getLogger("aiokafka.consumer").warning("heartbeat failed for %s", "tocsin.match")
    line = written(out)
    assert (line["event"], line["logger"]) == ("heartbeat failed for tocsin.match", "aiokafka.consumer")


@pytest.mark.parametrize(
    ("fields", "planted"),
    [
        pytest.param({"token": "S3CRET"}, "S3CRET", id="by name"),
        pytest.param({"target": SecretStr("S3CRET")}, "S3CRET", id="a secret of pydantic"),
        pytest.param({"host": "https://hooks.example.test/services/T0/S3CRET"}, "S3CRET", id="the path of a URL"),
        pytest.param({"host": "https://me:S3CRET@example.test/"}, "S3CRET", id="credentials in a URL"),
        pytest.param({"error": "refused xoxb-12-S3CRET"}, "S3CRET", id="a chat token in a text"),
        pytest.param({"error": "sent Bearer S3CRET"}, "S3CRET", id="an authorization header in a text"),
        pytest.param({"error": "key whsec_S3CRET"}, "S3CRET", id="a webhook key in a text"),
        pytest.param({"host": "http://[S3CRET"}, "S3CRET", id="a URL that is none"),
        pytest.param({"headers": {"authorization": "S3CRET"}}, "S3CRET", id="by name inside a mapping"),
        pytest.param({"tried": ["https://example.test/S3CRET"]}, "S3CRET", id="a URL inside a list"),
        pytest.param({"error": ValueError("https://example.test/S3CRET")}, "S3CRET", id="an exception as a field"),
    ],
)
@pytest.mark.parametrize("form", ["json", "console"])
def test_a_secret_is_never_written(fields: dict[str, object], planted: str, form: str) -> None:
    out = configured(form)
    log.named("deliver").warning("refused", **fields)
    assert "refused" in out.getvalue()
    assert planted not in out.getvalue()


def test_a_secret_in_an_exception_is_never_written() -> None:
    out = configured()
    try:
        int("https://hooks.example.test/S3CRET")
    except ValueError:
        log.named("deliver").exception("refused")
    line = written(out)
    assert "ValueError: invalid literal" in str(line["exception"])
    assert "S3CRET" not in out.getvalue()


def test_a_secret_in_a_librarys_line_is_never_written() -> None:
    out = configured()
    logging.getLogger("aiohttp.client").warning("redirected to %s", "https://example.test/S3CRET")
    assert "S3CRET" not in out.getvalue()
    assert "https://example.test" in out.getvalue()


def test_the_log_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(form="json", level="INFO")
    log.named("poll").info("started")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "started" in captured.err


@pytest.mark.parametrize(
    ("form", "out", "environment", "expected"),
    [
        pytest.param("auto", io.StringIO(), {}, "json", id="a file gets JSON"),
        pytest.param("auto", Terminal(), {}, "colour", id="a terminal gets colours"),
        pytest.param("auto", Terminal(), {"NO_COLOR": "1"}, "plain", id="NO_COLOR is heeded"),
        pytest.param("console", io.StringIO(), {}, "plain", id="no colours in a file"),
        pytest.param("json", Terminal(), {}, "json", id="JSON on a terminal when asked for"),
    ],
)
def test_the_form_follows_where_the_log_goes(
    form: str, out: io.StringIO, environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    log.configure(form=form, level="INFO", stream=out)
    log.named("poll").info("started")
    text = out.getvalue()
    assert ("json" if text.startswith("{") else "colour" if "\x1b[" in text else "plain") == expected


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(KeyError, match="LOUD"):
        log.configure(form="json", level="LOUD", stream=io.StringIO())


def test_what_a_library_says_again_and_again_is_written_once() -> None:
    out = configured()
    for _ in range(75):
        logging.getLogger("aiokafka.conn").warning("connect to %s failed", "node 1")
    assert written(out)["event"] == "connect to node 1 failed"


@pytest.mark.timeout(20)
def test_a_very_long_word_is_looked_through_in_linear_time() -> None:
    text = "a" * 1_000_000
    assert log.without_secrets(f"{text} https://ann:pa55@wire.test/x") == f"{text} https://wire.test"
