import pytest
from prometheus_client import CollectorRegistry

from agents.metrics import Metrics


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())
