"""The constants of `metaflow.metaflow_config`, which follow from the store and the environment."""

from __future__ import annotations

from typing import Any

import pytest

from flowport.runtime.names import exports, metaflow_config


@pytest.mark.parametrize(
    ("store", "name", "value"),
    [
        ("s3://bucket/store", "DATASTORE_SYSROOT_S3", "s3://bucket/store"),
        ("s3://bucket/store", "DATATOOLS_S3ROOT", "s3://bucket/store/data"),
        ("s3://bucket/store", "CARD_S3ROOT", "s3://bucket/store/mf.cards"),
        ("s3://bucket/store", "DEFAULT_DATASTORE", "s3"),
        ("s3://bucket/store", "DATASTORE_SYSROOT_LOCAL", None),
        ("s3://bucket/store", "DATATOOLS_LOCALROOT", None),
        ("gs://bucket/store", "DATASTORE_SYSROOT_GS", "gs://bucket/store"),
        ("az://box/store", "DATATOOLS_AZUREROOT", "az://box/store/data"),
        ("/tmp/store", "DATASTORE_SYSROOT_LOCAL", "/tmp/store"),
        ("/tmp/store", "DATATOOLS_LOCALROOT", "/tmp/store/data"),
        ("/tmp/store", "DEFAULT_DATASTORE", "local"),
        ("/tmp/store", "DATATOOLS_S3ROOT", "/tmp/store/data"),
        ("gs://bucket/store", "DATATOOLS_S3ROOT", None),
        ("/tmp/store", "UI_URL", None),
        ("/tmp/store", "SERVICE_HEADERS", {}),
        ("/tmp/store", "MAX_ATTEMPTS", 6),
    ],
)
def test_what_follows_from_the_store(monkeypatch: pytest.MonkeyPatch, store: str, name: str, value: Any) -> None:
    monkeypatch.setenv("FLOWPORT_STORE", store)
    monkeypatch.delenv(f"METAFLOW_{name}", raising=False)
    assert getattr(metaflow_config, name) == value


@pytest.mark.parametrize("name", metaflow_config.CONSTANTS)
def test_the_environment_counts_first(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    text = "{}" if isinstance(metaflow_config.DEFAULTS.get(name), dict) else "told"
    monkeypatch.setenv(f"METAFLOW_{name}", text)
    assert getattr(metaflow_config, name) == ({} if text == "{}" else text)


def test_a_root_below_another_one_follows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METAFLOW_DATASTORE_SYSROOT_S3", "s3://other/")
    monkeypatch.setenv("METAFLOW_DATATOOLS_SUFFIX", "tools")
    assert metaflow_config.DATATOOLS_S3ROOT == "s3://other/tools"


def test_a_constant_of_json_says_what_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METAFLOW_SERVICE_HEADERS", "[1]")
    with pytest.raises(ValueError, match=r"METAFLOW_SERVICE_HEADERS is JSON, an object, not `\[1\]`"):
        _ = metaflow_config.SERVICE_HEADERS


def test_a_name_that_is_no_constant_is_not_there() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'NOPE'"):
        _ = metaflow_config.NOPE


def test_the_version_is_that_of_the_package() -> None:
    assert exports.load("get_version", "metaflow_version")() == exports.load("__version__")
