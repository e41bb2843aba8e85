"""What cards are made of, what a task stores of them, and reading that again. Pages are made of it in `flowport/card_pages`."""
