"""What tasks report to other systems: events of OpenLineage, and runs of MLflow.

task       tells a process of its own what begins and how it ended (`reporter`)
sender     that process: it has the libraries, waits for the network, and sends (`sender`, `openlineage`, `mlflow`)

Nothing here can fail a task or hold it up for long: what cannot be sent is a line in its log.
"""
