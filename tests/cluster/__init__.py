"""Flows on the cluster that KUBECONFIG names, compared with the local engine: `make test-argo`."""
