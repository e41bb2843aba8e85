"""From the emitted documents to an account of AWS: what would change, in which order it is made, and what AWS says to it."""
