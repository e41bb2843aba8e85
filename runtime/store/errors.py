"""The errors of a store."""

from __future__ import annotations


class Missing(Exception):
    """There is nothing at a key."""


class Corrupt(Exception):
    """What is stored does not match its digest."""


class StoreError(Exception):
    """The store does not do what it was asked: no permission, no space, no answer."""
