"""What flowport itself reads from `flowport.toml`, beside the settings of targets."""

from __future__ import annotations

from flowport.compiler.settings import TargetSettings, text, texts


class SharedSettings(TargetSettings):
    """At the top of the file and in a profile."""

    store = text("where runs and artifacts are kept: a folder, or an address such as s3://bucket/prefix", example=".flowport")
    roots = texts("further folders with modules of the flow's own, relative to this file", example=["../lib"])
    include = texts("files that travel with the code, besides the modules that it imports", example=["sql/*.sql"])


class TopSettings(TargetSettings):
    """At the top of the file only, beside the table `profiles`."""

    profile = text("the profile that is taken when none is named", example="test")
