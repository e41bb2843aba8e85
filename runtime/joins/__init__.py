"""What a join gets: its inputs, as ranges of stored columns, and what they agree on."""
