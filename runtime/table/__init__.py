"""The runs of a flow as rows of a table: parameters, metrics and small artifacts, in an index that is read with few requests."""
