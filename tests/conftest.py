"""The fixtures of all tests, one module of tests/support for each thing that they need."""

import os

from hypothesis import settings

pytest_plugins = ("tests.support.kafka",)

settings.register_profile("gate", derandomize=True)
settings.load_profile(os.environ.get("TOCSIN_TEST_PROFILE", "default"))
