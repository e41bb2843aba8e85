"""From the emitted objects to a cluster: what would change, what the cluster says to it, and how it is asked."""
