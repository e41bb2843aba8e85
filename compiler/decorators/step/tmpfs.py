"""The arguments for a folder in memory, which `@batch` and `@kubernetes` share."""

from __future__ import annotations

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.ir import Tmpfs

ARGUMENTS = ("use_tmpfs", "tmpfs_size", "tmpfs_path", "tmpfs_tempdir")


def read_tmpfs(arguments: Arguments) -> Tmpfs | None:
    """The folder in memory; as in Metaflow, a size is enough to get one."""
    use, size = arguments.flag("use_tmpfs"), arguments.number("tmpfs_size", None, 0, whole=True)
    path = arguments.text("tmpfs_path", "/metaflow_temp") or Tmpfs().path
    tempdir = arguments.flag("tmpfs_tempdir", True)
    if not path.startswith("/"):
        message = f"`tmpfs_path` of `@{arguments.use.name}` must be an absolute path, not `{path}`"
        arguments.say(arguments.named["tmpfs_path"][0], message, f'write `tmpfs_path="/{path}"`')
        return None
    return Tmpfs(size or None, path, tempdir) if use or size else None
