"""The commands, one in each file: its request, what it does with it, and its options. `flowport.cli.group` imports them by name."""
