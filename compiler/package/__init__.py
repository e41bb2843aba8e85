"""Plan -> code package: the zip with the files of the flow and the documents that the runtime reads."""
