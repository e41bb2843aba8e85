"""`python -m flowport` is the command `flowport`."""

from __future__ import annotations

from flowport.cli import main

if __name__ == "__main__":
    main()
