"""The values of expressions, found from the source alone. What has no value before the flow runs becomes a diagnostic."""
