"""Makes pages of HTML of cards: one file each, without scripts, that loads nothing. Whatever a user gives is escaped."""
