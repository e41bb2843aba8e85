"""What every target has to say about `@schedule`."""
