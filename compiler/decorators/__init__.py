"""The decorators of flowport, one file each, and the registry that lists them."""
