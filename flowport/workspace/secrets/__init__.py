"""What the settings say about the variables and secrets of flows: tables of `flowport.toml`, and a file on this machine."""
