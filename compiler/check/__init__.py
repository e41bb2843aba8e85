"""Flow -> diagnostics: what is wrong with a flow that could be read."""
