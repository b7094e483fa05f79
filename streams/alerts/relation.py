"""What an article is to its story. The first that holds, in this order, is the label.

| relation | when |
|---|---|
| first | there is no story yet |
| retract | the publisher says so (WITHDRAWN, KILL) |
| correction | the publisher says so (CORRECTED, REFILE), or a revision changed a number, an entity or a negation |
| update | a fact that the story has not told and the article leads with: a figure, a date, an entity, a negation; or \
"UPDATE n" of a source that told the story before |
| copy | a text that the story holds already |
| confirmation | nothing new; firm at a similarity of 0.50, else loose: it may be another event |

It labels and never suppresses: what a desk is told is decided per desk, from the keys it was told (streams.routing).
"""

from collections.abc import Iterable

from streams.alerts.alert import Relation
from streams.alerts.copies import copied_from
from streams.alerts.corrected import corrected
from streams.alerts.whats_new import MOST_NEW, News, in_order, news_of
from streams.ids import ArticleId
from streams.matching.match import Markers
from streams.stories.clustering import Placement
from streams.stories.growth import told_facts
from streams.stories.story import Arrival, Fact, Label, Story, StoryArticle
from streams.stories.unchecked import unchecked

FIRM = 0.50
NO_NEWS = News(new=(), told_by=())


def relate(arrival: Arrival, markers: Markers, placement: Placement, earlier: StoryArticle | None) -> Label:
    """Return the label of an article revision; `earlier` is its revision before, if the story holds it."""
    if placement.story is None:
        return _label(Relation.FIRST, placement)
    story, news = placement.story, news_of(arrival, placement.story)
    if markers.retract:
        return _against_first(Relation.RETRACT, placement, story, news)
    changed = corrected(arrival, earlier) if earlier else ()
    if markers.correction or changed:
        came = (fact for fact in changed if fact in told_facts(arrival))
        return _against_first(Relation.CORRECTION, placement, story, news, came)
    update = _serial(markers, arrival, story)
    if news.new or update:
        return _against_first(Relation.UPDATE, placement, story, news, update)
    return _nothing_new(arrival, placement, story, news)


def _against_first(
    relation: Relation, placement: Placement, story: Story, news: News, further: Iterable[Fact] = ()
) -> Label:
    return _label(
        relation,
        placement,
        news,
        compared_article=story.first.article_id,
        compared_permission=story.first.permission,
        whats_new=in_order(dict.fromkeys((*news.new, *further)))[:MOST_NEW],
    )


def _nothing_new(arrival: Arrival, placement: Placement, story: Story, news: News) -> Label:
    """Return copy or confirmation, with every permission that "nothing new" rests on."""
    original = copied_from(arrival, story.texts)
    if original is not None:
        return _label(
            Relation.COPY,
            placement,
            news,
            compared_article=original.article_id,
            compared_permission=original.permission,
        )
    own = (source for source in story.sources if source.permission == arrival.head.permission)
    compared = next(iter(news.told_by), None) or next(own, story.first)
    return _label(
        Relation.CONFIRMATION,
        placement,
        news,
        firm=placement.similarity >= FIRM,
        compared_article=compared.article_id,
        compared_permission=compared.permission,
        needs=tuple(sorted({fact.permission for fact in news.told_by})),
    )


def _label(
    relation: Relation,
    placement: Placement,
    news: News = NO_NEWS,
    *,
    firm: bool = True,
    compared_article: ArticleId | None = None,
    compared_permission: str = "",
    needs: tuple[str, ...] = (),
    whats_new: tuple[Fact, ...] = (),
) -> Label:
    return unchecked(
        Label,
        {
            "relation": relation.value,
            "firm": firm,
            "similarity": None if placement.story is None else placement.similarity,
            "compared_article": compared_article,
            "compared_permission": compared_permission,
            "needs": needs,
            "whats_new": whats_new,
            "told_before": news.told_before,
            "related": dict(placement.related),
        },
    )


def _serial(markers: Markers, arrival: Arrival, story: Story) -> tuple[Fact, ...]:
    """Return the n of UPDATE n; none where its source is new to the story: what it updates, nobody here was told."""
    known = any(source.publisher == arrival.head.publisher for source in story.sources)
    return () if markers.update is None or not known else (Fact(kind="update", value=str(markers.update)),)
