"""Which metrics an expression uses, and which there are."""

import re

from agents.metrics import Metrics


def metrics_in(expression: str) -> set[str]:
    """Return the names of our metrics in an expression; recorded series, which have a colon, are not among them."""
    return set(re.findall(r"(?<![:\w])tocsin_\w+(?![:\w])", expression))


def names_of(metrics: Metrics) -> set[str]:
    """Return every name that a query may use, those of the parts of a histogram or a summary included."""
    parts = {"histogram": ("_bucket", "_count", "_sum"), "summary": ("_count", "_sum")}
    return {each.name + part for each in metrics.described() for part in parts.get(each.type, ("",))}
