"""What the benchmarks share: processes and how long they take, flows of any size, and Metaflow to compare with."""
