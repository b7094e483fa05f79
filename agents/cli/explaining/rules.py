"""Why rules matched an article, or why they did not, by the rules that the matcher ran at the time."""

from collections.abc import Iterator, Sequence

from agents.cli.explaining.journey import Ground
from config.problems import did_you_mean
from streams.articles.article import Article
from streams.errors import ConfigurationError
from streams.ids import RuleId
from streams.matching.explain import Clause, Explanation
from streams.matching.matcher import Matcher


class Rules:
    """The rules as of any version: each is built once."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._built: dict[int, Matcher] = {}

    @property
    def newest(self) -> int:
        """Return the offset of the newest change, or -1."""
        return max((offset for offset, _ in self._ground.changes), default=-1)

    def as_of(self, version: int) -> Matcher:
        """Return the matcher that ran when this was the last change applied."""
        if version not in self._built:
            changes = sorted((one for one in self._ground.changes if one[0] <= version), key=lambda one: one[0])
            self._built[version] = Matcher.empty().apply(changes)
        return self._built[version]

    def explain(self, rule: str, article: Article, *, version: int) -> Explanation:
        """Return why a rule holds or does not. Raises: ConfigurationError for one that was not there."""
        matcher = self.as_of(version)
        rejected = [
            name.removeprefix("rule/").partition("@")[0] for name in matcher.rejected if name.startswith("rule/")
        ]
        known = [*matcher.rules, *rejected]
        if rule not in known:
            raise ConfigurationError(f'no rule "{rule}" in the rules as of {version}{did_you_mean(rule, known)}')
        return matcher.explain(RuleId(rule), article)

    def would_match(self, article: Article) -> Sequence[RuleId]:
        """Return the rules of now that hold for an article."""
        return [hit.rule_id for hit in self.as_of(self.newest).match(article).rules]


def failed(clause: Clause) -> Iterator[str]:
    """Yield the clauses that failed, the innermost of each branch: what the text would have to say, or not to say."""
    if clause.held:
        return
    inner = [part for part in clause.parts if not part.held]
    if not inner:
        yield clause.text
    for part in inner:
        yield from failed(part)
