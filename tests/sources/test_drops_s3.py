"""A drop in a bucket, against a server that speaks S3 and listens on this machine."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from breakwater.errors import CallError, WorldError
from breakwater.model.drops import Drop, Place
from breakwater.sources.drops import open_drop

BYTES = os.urandom(3_000_000)
KEYS = {"NORDBANK_S3_ACCESS_KEY_ID": "testing", "NORDBANK_S3_SECRET_ACCESS_KEY": "testing"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str) -> Iterator[Any]:
    resource = boto3.resource(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    made = resource.create_bucket(Bucket="nordbank-out")
    yield made
    made.objects.all().delete()
    made.delete()


@pytest.fixture
def place(endpoint: str, bucket: Any) -> Place:
    return Place(url="s3://nordbank-out/statements", endpoint=endpoint, credentials="NORDBANK")


def opened(place: Place, **secrets: str) -> Drop:
    return open_drop(place, secret=(secrets or KEYS).get)


def test_objects_right_below_the_prefix_are_offered_and_fetched(place: Place, bucket: Any, tmp_path: Path) -> None:
    bucket.put_object(Key="statements/a.xml", Body=BYTES)
    bucket.put_object(Key="statements/older/b.xml", Body=b"x")
    bucket.put_object(Key="elsewhere.xml", Body=b"x")
    drop = opened(place)

    (offered,) = drop.listing()
    sha256 = drop.fetch(offered, tmp_path / "copy")

    assert (offered.name, offered.size) == ("a.xml", len(BYTES))
    assert (tmp_path / "copy").read_bytes() == BYTES
    assert sha256 == hashlib.sha256(BYTES).hexdigest()
    assert [o.key for o in bucket.objects.filter(Prefix="statements/a")] == ["statements/a.xml"]


def test_a_bucket_without_prefix_offers_its_own_objects(place: Place, bucket: Any, tmp_path: Path) -> None:
    bucket.put_object(Key="a.xml", Body=b"x")
    drop = opened(replace(place, url="s3://nordbank-out"))

    (offered,) = drop.listing()

    assert drop.fetch(offered, tmp_path / "copy") == hashlib.sha256(b"x").hexdigest()


def test_an_object_replaced_since_it_was_offered_leaves_nothing(place: Place, bucket: Any, tmp_path: Path) -> None:
    bucket.put_object(Key="statements/a.xml", Body=b"first")
    drop = opened(place)
    (offered,) = drop.listing()
    bucket.put_object(Key="statements/a.xml", Body=b"again")

    with pytest.raises(WorldError, match=r"a\.xml changed while it was fetched"):
        drop.fetch(offered, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_an_object_of_another_size_leaves_nothing(place: Place, bucket: Any, tmp_path: Path) -> None:
    bucket.put_object(Key="statements/a.xml", Body=b"first")
    drop = opened(place)
    (offered,) = drop.listing()

    with pytest.raises(WorldError, match=r"Of a\.xml 5 of 9 bytes arrived"):
        drop.fetch(replace(offered, size=9), tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_bucket_that_is_not_there_is_told(place: Place) -> None:
    with pytest.raises(WorldError, match="The bucket no-such-bucket can't be read"):
        opened(replace(place, url="s3://no-such-bucket")).listing()


def test_missing_keys_are_named(place: Place) -> None:
    with pytest.raises(CallError, match="There is no key for the bucket nordbank-out") as missing:
        opened(place, OTHER="x")
    assert "NORDBANK_S3_SECRET_ACCESS_KEY_FILE" in missing.value.remedy
