"""What is done with a flow on the engine that it is deployed to."""
