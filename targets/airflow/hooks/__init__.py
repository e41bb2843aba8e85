"""What a DAG does when a run has ended."""
