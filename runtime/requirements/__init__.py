"""The packages that a step asks for, and whether they are where its task runs. Steps that ask for none import none of this."""
