"""What runs inside a task, and the runner of this machine. Imports nothing of the compiler or the targets."""
