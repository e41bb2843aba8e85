"""Addresses of stores in object storage."""

from __future__ import annotations

import re


def is_address(store: str) -> bool:
    """Whether an address has a bucket, and nothing behind it but a folder: `s3://bucket/folder`."""
    return bool(re.fullmatch(r"[a-z0-9]+://[^\s{}?#/]+(/[^\s{}?#]*)?", store))
