"""How the processes of a task begin, end and talk to one another, and who keeps what they print. Knows no flow."""
