"""The embedded broker's jars: fetched once by Maven coordinate, and only those that jars.lock names."""

import hashlib
import logging
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import structlog

from streams.errors import TocsinError, UnavailableError

if TYPE_CHECKING:
    from jgo.maven import MavenContext

LOCK_FIELDS = 4  # group, artifact, version, sha256
NO_NETWORK = (
    "the broker's jars are fetched once and the Maven repository does not answer ({error}, {missing} of {all} missing, "
    "first {name}); connect this machine for the first start, name a mirror under [repositories] in jgo.conf, "
    "or use a Kafka of your own with --bootstrap"
)

log = structlog.get_logger()


class JarError(TocsinError):
    """A jar is not the one that jars.lock names, or can't be kept; `place` is the file it is about."""

    exit_code = 78

    def __init__(self, place: Path, problem: str) -> None:
        self.place = place
        super().__init__(f"{place}: {problem}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Jar:
    """One locked artifact; `sha256` is in hex."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def name(self) -> str:
        """Return the file's name, as Maven repositories have it."""
        return f"{self.artifact}-{self.version}.jar"


def read_lock(text: str) -> tuple[Jar, ...]:
    """Return the jars of a lock, one a line: `group:artifact:version sha256`.

    Raises: JarError for a line of another form.
    """
    return tuple(read_line(number, line) for number, line in enumerate(text.splitlines(), 1))


def read_line(number: int, line: str) -> Jar:
    """Return the jar that one line names; no part may lead out of the cache folder."""
    parts = line.replace(" ", ":").split(":")
    if len(parts) != LOCK_FIELDS or not all(parts) or "/" in line:
        raise JarError(
            Path(f"jars.lock:{number}"), "not `group:artifact:version sha256`; make the lock anew: make lock"
        )
    group, artifact, version, sha256 = parts
    return Jar(group=group, artifact=artifact, version=version, sha256=sha256)


def locked_jars() -> tuple[Jar, ...]:
    """Return the jars that this release of tocsin was tested with."""
    return read_lock(files("agents.broker").joinpath("jars.lock").read_text(encoding="utf-8"))


def resolve_jars(jars: Sequence[Jar], cache: Path) -> tuple[Path, ...]:
    """Return the files of all jars, in order, each proven equal to its hash.

    The first call fetches what the cache lacks (42 MB, seconds). Later calls look at sizes and times only (5 ms, no
    network): a marker keeps what was proven, and a file that changed since is hashed again.

    Raises: JarError for a differing jar or a cache that can't be written; UnavailableError without a network.
    """
    paths = tuple(cache / jar.name for jar in jars)
    marker = cache / f"proven-{lock_digest(jars)}"
    if stamp(paths) == read_marker(marker):
        return paths
    fetch(jars, cache)
    for jar, path in zip(jars, paths, strict=True):
        if not is_locked(jar, path):
            raise JarError(path, "not the file that jars.lock names; delete it and start again")
    with suppress(OSError):  # a cache that may only be read: they are proven at each start
        marker.write_text(stamp(paths), encoding="utf-8")
    return paths


def lock_digest(jars: Iterable[Jar]) -> str:
    """Return a short name for exactly these jars."""
    return hashlib.sha256("".join(f"{jar.name} {jar.sha256}\n" for jar in jars).encode()).hexdigest()[:16]


def stamp(paths: Iterable[Path]) -> str:
    """Return size and time of each file; a missing one has neither."""
    known = [(path.name, path.stat()) if path.exists() else (path.name, None) for path in paths]
    return "".join(
        f"{name} {each.st_size} {each.st_mtime_ns}\n" if each else f"{name} missing\n" for name, each in known
    )


def read_marker(marker: Path) -> str:
    """Return what was proven last time, empty if nothing was."""
    return marker.read_text(encoding="utf-8") if marker.exists() else ""


def is_locked(jar: Jar, path: Path) -> bool:
    """Return whether the file's hash is the locked one."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256


def fetch(jars: Sequence[Jar], cache: Path) -> None:
    """Bring the jars that the cache lacks: from the machine's Maven repository, else from the network.

    A jar arrives in a folder of its own and moves into place when it is proven, so an interrupted start leaves
    nothing half written, and two first starts at once don't disturb each other.
    """
    missing = [jar for jar in jars if not (cache / jar.name).exists()]
    if not missing:
        return
    log.info("fetching the embedded broker", jars=len(missing))
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="incoming-", dir=cache) as incoming:
            fetch_into(Path(incoming), missing, cache)
    except OSError as err:
        raise JarError(
            cache, f"the broker's jars can't be kept there ({err.strerror}); give another cache folder"
        ) from err


def fetch_into(incoming: Path, missing: Sequence[Jar], cache: Path) -> None:
    """Fetch into `incoming`, prove, then move into the cache; one after the other, as side by side is no faster."""
    context = maven(incoming)
    for number, jar in enumerate(missing):
        try:
            found: Path = context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
        except (OSError, RuntimeError) as err:
            if isinstance(err, OSError) and err.strerror:
                raise  # the disk's error; the network's have no text of the system
            error, left = type(err).__name__, len(missing) - number
            raise UnavailableError(
                NO_NETWORK.format(error=error, missing=left, all=left + number, name=jar.name)
            ) from err
        if not is_locked(jar, found):
            where = "came from the Maven repository" if incoming in found.parents else "delete it and start again"
            raise JarError(found, f"not the file that jars.lock names; {where}")
        proven = incoming / jar.name
        shutil.copyfile(found, proven)
        proven.replace(cache / jar.name)


def maven(incoming: Path) -> "MavenContext":
    """Return jgo's view of the machine: its own settings, the local Maven repository read only."""
    from jgo.config import GlobalSettings  # noqa: PLC0415 - 0.1 s, needed for the very first start only
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415 - as above
    from jgo.maven import MavenContext  # noqa: PLC0415 - as above

    logging.getLogger("jgo").setLevel(logging.CRITICAL)  # what it would say becomes one of our errors
    settings = GlobalSettings.load()
    remote = {"central": MAVEN_CENTRAL_URL} | settings.repositories
    return MavenContext(repo_cache=incoming, local_repos=[settings.repo_cache], remote_repos=remote)
