"""What flowport itself reads from `flowport.toml`, beside the settings of targets."""

from __future__ import annotations

from flowport.compiler.settings import TargetSettings, flag, table, text, texts
from flowport.runtime.secrets.sources import TYPES


class SharedSettings(TargetSettings):
    """At the top of the file and in a profile."""

    store = text("where runs are stored: a folder, or an address such as s3://bucket/prefix", example=".flowport")
    roots = texts("further folders with modules that flows import, relative to this file", example=["../lib"])
    configs = table("files of the configs of flows, by their names, or tables with their values", example={"config": "prod.toml"})
    conda = text(
        "where `flowport lock` takes the packages of `@conda` from: the channels of conda, or those of the same names on PyPI",
        default="channels",
        choices=("channels", "pypi"),
        example="pypi",
    )
    include = texts("further files for the code package", example=["sql/*.sql"])
    environment = table(
        "values of the variables that flows read in `@environment`: a text, a secret, or `{ container = true }`; a table",
        example={"REGION": "eu-central-1", "TOKEN": {"secret": "kubernetes:tokens/api"}},
    )
    secrets = table("where the secrets of `@secrets` are, a table of their ids", example={"database": "kubernetes:database"})
    secrets_file = text("the file with secrets for runs on this machine, relative to this file; by default `.env`", example=".env.test")
    secrets_type = text(
        "the type of secrets without one",
        choices=tuple(TYPES),
        example="aws-secrets-manager",
    )
    secrets_role = text("the role for reading secrets that name none", example="arn:aws:iam::123456789012:role/reader")
    secrets_prefix = text(
        "what short ids of secrets stand behind: a project of Google, or a vault of Azure", example="projects/123456789012/secrets/"
    )
    environments = text(
        "where the packages of steps come from on an engine: from images that `flowport image` makes, from the task when it starts, "
        "or from the image of the profile",
        choices=("image", "install", "none"),
        example="image",
    )
    repository = text("where the images of `environments` are pushed, without a tag", example="registry.example.com/flows")
    image_platforms = texts("the platforms of these images; by default linux/amd64", example=["linux/arm64"])
    live = text(
        "seconds between two signs of life of a task on an engine, with what it prints, or `off`; by default 10 in a bucket, 1 in a folder",
        example="60",
    )
    openlineage_url = text("where tasks on an engine send events of OpenLineage", example="http://marquez.internal:5000")
    mlflow_tracking_uri = text("the tracking server of MLflow that tasks on an engine report to", example="http://mlflow.internal:5000")
    branch = text("the branch of `@project` to compile for and to run in, without `--branch`", example="main")
    production = flag("whether that is a production branch, without `--production`")


class TopSettings(TargetSettings):
    """At the top of the file only, beside the table `profiles`."""

    profile = text("the profile to use without `--profile`", example="test")
