"""Where artifacts and documents are kept: stores, keys, and how values become bytes. Knows no flow, run or task."""
