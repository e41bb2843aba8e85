"""What AWS charges for a run, in US dollars: a table with its date and its sources.

Prices of N. Virginia (us-east-1) on demand, for Linux on x86, without free tiers, taxes and discounts. The bill itself may differ.
"""

from __future__ import annotations

REGION = "us-east-1"
DATE = "2026-11-29"

TRANSITION = 0.025 / 1_000
"""A state transition of a standard workflow (aws.amazon.com/step-functions/pricing)."""

VCPU_SECOND, GIB_SECOND = 0.04048 / 3600, 0.004445 / 3600
"""Fargate: a vCPU and a GiB of memory (aws.amazon.com/fargate/pricing)."""

FARGATE_LEAST, FARGATE_START = 60.0, 60.0
"""Seconds that Fargate charges at least, and those that fetching an image and starting a container may take besides."""

LAMBDA_REQUEST, LAMBDA_GIB_SECOND, LAMBDA_START = 0.20 / 1_000_000, 0.0000166667, 3.0
"""Lambda: an invocation, and a GiB of memory for a second (aws.amazon.com/lambda/pricing); and the seconds of a first start."""
