"""What starts a workflow besides the clock: objects of Argo Workflows and of Argo Events."""
