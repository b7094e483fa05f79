"""A first look at an XML document, cheap and safe, before the slow and trusting parser sees it."""

from xml.parsers import expat

from streams.errors import TocsinError
from streams.feeds.entry import FeedProblem, Trouble

DEEPEST = 64
MOST_ELEMENTS = 100_000


class _RefusedError(TocsinError):
    """Leaves expat from inside a handler, with the problem."""

    def __init__(self, trouble: Trouble, detail: str) -> None:
        self.problem = FeedProblem(trouble, detail)
        super().__init__(detail)


class _Counts:
    """How deep the elements are nested now, and how many there were."""

    def __init__(self) -> None:
        self.depth = 0
        self.elements = 0

    def start(self, _name: str, _attributes: object) -> None:
        self.depth += 1
        self.elements += 1
        if self.depth > DEEPEST:
            raise _RefusedError(Trouble.TOO_DEEP, f"elements are nested deeper than {DEEPEST}")
        if self.elements > MOST_ELEMENTS:
            raise _RefusedError(Trouble.TOO_MANY_ELEMENTS, f"more than {MOST_ELEMENTS} elements")

    def end(self, _name: str) -> None:
        self.depth -= 1


def _refuse_entity(name: str, *_rest: object) -> None:
    raise _RefusedError(Trouble.ENTITY_DECLARED, f"declares the entity {name[:40]}")


def screen(document: bytes) -> FeedProblem | None:
    """Return why the document is refused, or that it is malformed (not fatal), or None.

    Depth over 64, over 100,000 elements and any entity declaration are refused; nothing external is opened. A
    charset that expat can't read counts as malformed. Cost: about 10 ms a MiB.
    """
    counts = _Counts()
    parser = expat.ParserCreate()
    parser.StartElementHandler = counts.start
    parser.EndElementHandler = counts.end
    parser.EntityDeclHandler = _refuse_entity
    try:
        parser.Parse(document, True)  # noqa: FBT003 - expat's own signature: this is all there is
    except _RefusedError as refused:
        return refused.problem
    except (expat.ExpatError, ValueError, LookupError) as err:  # the latter two: charsets that Python lacks
        return FeedProblem(Trouble.MALFORMED, str(err)[:200], fatal=False)
    return None
