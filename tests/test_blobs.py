"""The blob store, in a folder and in a real S3 protocol."""

import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from portal.blobs import FolderStore, S3Store, Store


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    names = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "eu-west-3",
    }  # fmt: skip
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    location = {"LocationConstraint": "eu-west-3"}
    client = boto3.client("s3", endpoint_url=names["AWS_ENDPOINT_URL"])
    client.create_bucket(Bucket="documents", CreateBucketConfiguration=location)
    client.close()
    yield "documents"
    server.stop()
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return FolderStore(tmp_path / "blobs")
    return S3Store(request.getfixturevalue("bucket"), "portal/")


def test_what_is_written_is_read_back(store: Store) -> None:
    store.write("abcdef", b"content")
    with store.open("abcdef") as source:
        assert source.read() == b"content"


def test_a_finished_file_moves_into_the_store(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "made.zip"
    path.write_bytes(b"zip" * 1000)
    store.adopt("aazip", path)
    assert not path.exists()
    with store.open("aazip") as source:
        assert source.read() == b"zip" * 1000


def test_deleting_twice_is_deleting_once(store: Store) -> None:
    store.write("abgone", b"x")
    store.delete("abgone")
    store.delete("abgone")


def test_a_folder_never_shows_half_a_file(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.write("abcdef", b"first")
    store.write("abcdef", b"second")
    assert [path.name for path in (tmp_path / "ab").iterdir()] == ["abcdef"]
