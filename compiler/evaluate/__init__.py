"""The values of expressions, computed from the source. An expression without a value becomes a diagnostic."""
