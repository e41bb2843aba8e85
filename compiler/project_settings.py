"""What flowport itself reads from `flowport.toml`, beside the settings of targets."""

from __future__ import annotations

from flowport.compiler.settings import TargetSettings, text, texts


class SharedSettings(TargetSettings):
    """At the top of the file and in a profile."""

    store = text("where runs are stored: a folder, or an address such as s3://bucket/prefix", example=".flowport")
    roots = texts("further folders with modules that flows import, relative to this file", example=["../lib"])
    include = texts("further files for the code package", example=["sql/*.sql"])


class TopSettings(TargetSettings):
    """At the top of the file only, beside the table `profiles`."""

    profile = text("the profile to use without `--profile`", example="test")
