"""What an execution needs of Step Functions, in figures, and what it costs."""
