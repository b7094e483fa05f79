"""The fixtures of all tests, one module of tests/support for each thing that they need."""

pytest_plugins = ("tests.support.kafka",)
