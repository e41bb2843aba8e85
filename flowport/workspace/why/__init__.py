"""Why an item of a run was taken over or ran again, why a task was tried again, and what a task waits for: from the store alone."""
