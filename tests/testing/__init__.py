"""Tests of `flowport.testing`."""
