"""What steps log with `current.log_metric`: series of numbers, stored with the results of their tasks, and the last values of a run."""
