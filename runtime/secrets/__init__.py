"""Variables of a step that only its task knows: secrets, and what it reads from its environment. Other steps import none of this."""
