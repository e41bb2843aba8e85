"""What a flow imports, and what `metaflow` stands for inside a task. Imports nothing else of the runtime."""
