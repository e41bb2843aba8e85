"""What is done when an execution has ended: a small state machine of its own, which EventBridge starts."""
