"""Which metrics an expression uses, and which there are."""

import re

from agents.metrics import Metrics


def metrics_in(expression: str) -> set[str]:
    """Return the names of our metrics in an expression; recorded series, which have a colon, are not among them."""
    return set(re.findall(r"(?<![:\w])tocsin_\w+(?![:\w])", expression))


def names_of(metrics: Metrics) -> set[str]:
    """Return every name that a query may use, those of a histogram's parts included."""
    names = {each.name for each in metrics.described() if each.type != "histogram"}
    histograms = {each.name for each in metrics.described() if each.type == "histogram"}
    return names | {name + part for name in histograms for part in ("_bucket", "_count", "_sum")}
