"""The real processes under load: an origin of many feeds before them, a webhook behind."""

from dataclasses import dataclass
from pathlib import Path

from tests.support.children import Children
from tests.support.wire import Origin, Sink

RULES = """\
version: 1
rules:
  - {id: tariffs, query: 'tariff* AND NOT concert', urgency: urgent, labels: {topic: trade}}
  - {id: rare-earths, query: '"rare earth" OR "rare earths"', urgency: urgent, labels: {topic: trade}}
  - {id: summit, query: '@trump NEAR/5 @xi AND title:summit', urgency: flash, labels: {topic: trade}}
  - {id: export-controls, query: '"export controls" AND @china', urgency: routine, labels: {topic: trade}}
"""
ENTITIES = """\
version: 1
entities:
  - {id: trump, type: person, names: {en: [Trump]}}
  - {id: xi, type: person, names: {en: [Xi]}}
  - {id: china, type: country, names: {en: [China]}}
"""
ROUTES = """\
version: 1
receivers:
  hook: {type: webhook, url_env: TEST_HOOK_URL, allow_insecure: true, format: cloudevents,
         concurrency: 16, rate: {per_second: 2000, burst: 2000}, ttl: 24h}
desks:
  trading: {permissions: [public], zone: UTC}
route:
  desk: trading
  routes:
    - matchers: ['topic="trade"']
      receivers: [hook]
"""


@dataclass
class Pipeline:
    """An origin, the processes, a webhook. Few rules: the slow twin has to follow."""

    origin: Origin
    sink: Sink
    children: Children

    @property
    def folder(self) -> Path:
        """Return where rules and logs are."""
        return self.children.folder


def pipeline(folder: Path, bootstrap: str, prefix: str, origin: Origin, sink: Sink, *, gap_s: float = 1.0) -> Pipeline:
    """Return a pipeline with its files written and applied; nothing runs yet. Blocks while it applies."""
    told = {
        "TOCSIN_ALLOW_ADDRESSES": f"127.0.0.1:{origin.port},127.0.0.1:{sink.port}",
        "TOCSIN_REQUESTS_PER_SECOND": "2000",
        "TEST_HOOK_URL": sink.url,
    }
    gap = f"{{min: {gap_s}s, max: {gap_s}s}}"
    feeds = "".join(
        f"  - {{id: wire-{number}, url: '{origin.url(number)}', publisher: Wire {number}, language: en, tier: 1,"
        f" permission: public, status: verified, gap: {gap}}}\n"
        for number in range(origin.feeds)
    )
    (folder / "feeds.yaml").write_text(f"version: 1\nfeeds:\n{feeds}")
    (folder / "rules.yaml").write_text(RULES)
    (folder / "entities.yaml").write_text(ENTITIES)
    (folder / "routes.yaml").write_text(ROUTES)
    children = Children(folder, bootstrap, prefix, told)
    children.apply()
    return Pipeline(origin, sink, children)
