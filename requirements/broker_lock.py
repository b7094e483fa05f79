"""Resolve the embedded broker's jars into agents/broker/jars.lock: Maven coordinates and hashes, and no address."""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "agents" / "broker" / "jars.lock"
WANTED = ("org.apache.kafka:kafka_2.13:4.3.1", "org.slf4j:slf4j-simple:1.7.36")


def resolved(repository: Path) -> list[str]:
    """Return one line a jar, in order: `group:artifact:version sha256`."""
    remote = {"central": MAVEN_CENTRAL_URL} | GlobalSettings.load().repositories
    context = MavenContext(repo_cache=repository, remote_repos=remote)
    inputs, others = context.resolver.resolve([context.create_dependency(each) for each in WANTED])
    artifacts = [
        each.artifact for each in (*inputs, *(each for each in others if each.scope in {"compile", "runtime"}))
    ]
    return sorted(
        f"{each.groupId}:{each.artifactId}:{each.version} {hashlib.sha256(each.resolve().read_bytes()).hexdigest()}"
        for each in artifacts
    )


def main() -> None:
    """Write the lock anew, from what the configured Maven repositories serve."""
    with TemporaryDirectory() as repository:
        lines = resolved(Path(repository))
    LOCK.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{LOCK.relative_to(ROOT)}: {len(lines)} jars")


if __name__ == "__main__":
    main()
