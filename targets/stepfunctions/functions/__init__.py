"""AWS Lambda as the compute of a flow: its functions, the states that invoke them, and what Lambda refuses."""
