"""Deliveries as a worker would have left them, shared with the tests of engagement."""

from tests.engagement.conftest import place, shared

__all__ = ["place", "shared"]
