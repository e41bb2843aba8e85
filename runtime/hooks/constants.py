"""What the compiler and the process of the hooks must agree on."""

COMMAND_WORD = "hooks"
"""The word of the command: `python -m flowport.runtime hooks`."""

KINDS = ("slack", "webhook")
"""The kinds of receivers."""

HOOK_SECONDS, RECEIVER_SECONDS = 300.0, 30.0
"""How long one exit hook may take, and one receiver, all attempts together."""
