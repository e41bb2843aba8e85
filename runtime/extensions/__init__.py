"""Extensions of Metaflow that are installed beside flowport, and what they add to `metaflow`."""
