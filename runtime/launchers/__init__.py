"""What starts programs on the nodes of a gang: `current.torch`, `current.deepspeed`, `current.mpi`, and the cluster of `@metaflow_ray`."""
