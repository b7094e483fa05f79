"""The fixtures of all tests, one module of tests/support for each thing that they need."""

from hypothesis import settings

pytest_plugins = ("tests.support.kafka",)

settings.register_profile("tocsin", deadline=None)  # a busy machine is no failure
settings.load_profile("tocsin")
