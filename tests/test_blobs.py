"""The blob store, in a folder and in a real S3 protocol."""

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import get_ident
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from flask import Flask
from flask.testing import FlaskClient

from portal import blob_stores, blobs
from portal.blob_stores import FolderStore, S3Store, Store
from portal.crypto.sealed_file import BrokenFile
from portal.db import db
from portal.errors import Unavailable
from portal.operations.purge import tidy
from tests.buckets import a_bucket
from tests.builders import House, a_customer

Browser = Callable[..., FlaskClient]


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with a_bucket("documents") as name:
        yield name


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
    threads: set[int] = set()
    store.adopt("aazip", path, lambda: threads.add(get_ident()))
    assert threads <= {get_ident()}  # whoever tells that a task lives must be the one that holds it
    assert not path.exists()
    with store.open("aazip") as source:
        assert source.read() == b"zip" * 1000


def test_a_stored_file_is_read_from_the_middle(store: Store) -> None:
    store.write("abmiddle", b"0123456789")
    with store.open("abmiddle", 4) as source:
        assert source.read() == b"456789"


def test_an_upload_tells_that_it_goes_on(bucket: str, tmp_path: Path) -> None:
    path, told = tmp_path / "big", []
    path.write_bytes(bytes(20 << 20))
    S3Store(bucket, "").adopt("aabig", path, lambda: told.append(get_ident()))
    assert len(told) > 2 and set(told) == {get_ident()}


def test_an_upload_that_was_cut_off_goes_with_the_next_try(bucket: str, tmp_path: Path) -> None:
    client = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
    for key in ("p/aatry", "p/aatry-other"):
        client.create_multipart_upload(Bucket=bucket, Key=key)
    path = tmp_path / "again"
    path.write_bytes(b"whole")
    store = S3Store(bucket, "p/")
    store.adopt("aatry", path, lambda: None)
    left = client.list_multipart_uploads(Bucket=bucket, Prefix="p/")["Uploads"]
    assert [each["Key"] for each in left] == ["p/aatry-other"]
    begun = datetime(2010, 11, 10, tzinfo=UTC)  # what this server says of every upload, plus some hours
    assert store.tidy(begun) == 0  # somebody may still be at it
    assert store.tidy(begun + timedelta(days=1)) == 1
    assert "Uploads" not in client.list_multipart_uploads(Bucket=bucket, Prefix="p/")


def test_a_file_whose_writer_was_killed_is_removed_later(app: Flask, house: House) -> None:
    folder = Path(app.config["BLOB_URL"])
    blob_stores.store().write("aawhole", b"whole")
    old, young = folder / "aa" / "aaold.x.part", folder / "aa" / "aayoung.x.part"
    for path in (old, young):
        path.write_bytes(b"half")
    moment = time.time() - 3 * 86_400
    os.utime(old, (moment, moment))
    tidy()
    assert not old.exists() and young.exists() and "aawhole" in set(blob_stores.store().keys())


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def owner(house: House) -> dict[str, Any]:
    subject = a_customer(house.reseller)
    return {"owner": subject.organisation, "subject": subject, "kind": "test", "media_type": "text/plain"}


def test_the_store_holds_nothing_that_can_be_read(app: Flask, owner: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    content = b"what nobody else may read\n" * 20_000
    path.write_bytes(content)
    whole = blobs.keep(b"FR76 0000 1111 2222", filename="a.txt", **owner)
    file = blobs.keep_file(path, filename="b.txt", **owner)
    db.session.commit()
    stored = everything_in(Path(app.config["BLOB_URL"]))
    assert b"FR76 0000 1111 2222" not in stored and b"nobody else may" not in stored
    assert blobs.content_of(whole) == b"FR76 0000 1111 2222"
    assert blobs.content_of(file) == content
    assert list(tmp_path.glob("notes*")) == []  # it has moved


def test_a_file_kept_before_the_store_was_sealed_is_still_read(app: Flask, owner: dict[str, Any]) -> None:
    document = blobs.keep(b"", filename="a.txt", **owner)
    blob_stores.store().write(document.storage_key, b"as it was")
    document.is_sealed, document.size_bytes = False, 9
    assert blobs.content_of(document) == b"as it was"


@pytest.fixture
def older(app: Flask, owner: dict[str, Any]) -> blobs.Document:
    """A document as versions before this one kept it."""
    document = blobs.keep(b"in the clear", filename="a.txt", **owner)
    blob_stores.store().write(document.storage_key, b"in the clear")
    document.is_sealed = False
    db.session.commit()
    return document


def test_what_was_kept_in_the_clear_is_sealed_by_a_command(app: Flask, older: blobs.Document) -> None:
    former = older.storage_key
    done = app.test_cli_runner().invoke(args=["seal-store"])
    assert (done.exit_code, done.output) == (0, "1 fichiers scellés, 0 illisibles\n")
    db.session.expire_all()
    assert older.is_sealed and blobs.content_of(older) == b"in the clear"
    with pytest.raises(FileNotFoundError):
        blob_stores.store().open(former)
    again = app.test_cli_runner().invoke(args=["seal-store"])
    assert again.output.startswith("0 fichiers") and blobs.content_of(older) == b"in the clear"
    assert not list(Path(app.config["DATA_DIR"]).glob("*.sealed"))


@pytest.mark.parametrize("place", ["adopt", "commit", "delete"])
def test_a_sealing_that_was_cut_off_comes_to_its_end(
    app: Flask, older: blobs.Document, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    former, uid = older.storage_key, older.uid
    with monkeypatch.context() as patch:
        patch.setattr(db.session if place == "commit" else FolderStore, place, _cut_off)
        assert app.test_cli_runner().invoke(args=["seal-store"]).exit_code == 1
    db.session.rollback()
    with blob_stores.store().open(former) as plain:
        assert plain.read() == b"in the clear"
    document = db.session.scalars(db.select(blobs.Document).where(blobs.Document.uid == uid)).one()
    assert blobs.content_of(document) == b"in the clear"
    assert app.test_cli_runner().invoke(args=["seal-store"]).exit_code == 0
    db.session.expire_all()
    assert document.is_sealed and blobs.content_of(document) == b"in the clear"
    with pytest.raises(FileNotFoundError):
        blob_stores.store().open(former)


def test_erasing_takes_what_a_sealing_that_was_cut_off_has_left(older: blobs.Document) -> None:
    former = older.storage_key
    assert blobs.seal_older(older)
    db.session.commit()  # and killed here
    blobs.erase(older)
    for key in (former, older.storage_key):
        with pytest.raises(FileNotFoundError):
            blob_stores.store().open(key)


def _cut_off(*_: Any) -> None:
    raise KeyboardInterrupt


def test_a_plain_file_that_has_changed_is_named_and_left_alone(app: Flask, older: blobs.Document) -> None:
    blob_stores.store().write(older.storage_key, b"IN the clear")
    done = app.test_cli_runner().invoke(args=["seal-store"])
    assert done.exit_code == 1 and older.uid in done.stderr and "1 illisibles" in done.stdout
    db.session.expire_all()
    assert not older.is_sealed and blobs.content_of(older) == b"IN the clear"


def test_bytes_put_in_place_of_a_document_are_not_served(
    app: Flask, house: House, browser: Browser, owner: dict[str, Any]
) -> None:
    document = blobs.keep(b"the invoice", filename="a.txt", **owner)
    other = blobs.keep(b"the invoice", filename="b.txt", **owner)
    db.session.commit()
    with blob_stores.store().open(other.storage_key) as source:
        blob_stores.store().write(document.storage_key, source.read())
    with pytest.raises(BrokenFile):
        blobs.content_of(document)
    client = browser(house.owner)
    assert client.get(f"/documents/{other.uid}").data == b"the invoice"
    broken = client.get(f"/documents/{document.uid}")
    assert broken.status_code == 500 and "ne se relit pas" in broken.text
    assert b"the invoice" not in broken.data
    blob_stores.store().delete(document.storage_key)
    assert "ne se relit pas" in client.get(f"/documents/{document.uid}").text


def test_a_file_that_the_store_did_not_keep_whole_gets_no_row(
    owner: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"x" * 1000)
    adopt = FolderStore.adopt

    def adopt_badly(store: FolderStore, key: str, sealed: Path, tell: Callable[[], object]) -> None:
        sealed.write_bytes(sealed.read_bytes()[:-1])
        adopt(store, key, sealed, tell)

    monkeypatch.setattr(FolderStore, "adopt", adopt_badly)
    with pytest.raises(BrokenFile):
        blobs.keep_file(path, filename="a", **owner)
    assert path.exists() and db.session.scalars(db.select(blobs.Document)).all() == []


def test_a_full_disk_leaves_nothing_half_kept(
    owner: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"x" * 1000)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(FolderStore, "adopt", full)
    with pytest.raises(Unavailable, match="plein"):
        blobs.keep_file(path, filename="a", **owner)
    assert [each.name for each in tmp_path.glob("notes*")] == ["notes.txt"]


def test_deleting_twice_is_deleting_once(store: Store) -> None:
    store.write("abgone", b"x")
    store.delete("abgone")
    store.delete("abgone")


@pytest.mark.parametrize("keeps_versions", [True, False])
def test_nothing_of_a_deleted_object_stays_in_a_bucket(bucket: str, keeps_versions: bool) -> None:
    client: Any = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
    name = f"versions-{keeps_versions}".lower()
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
    if keeps_versions:
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    store = S3Store(name, "portal/")
    for key, content in (("abc", b"first"), ("abc", b"second"), ("abcd", b"another's")):
        store.write(key, content)
    client.delete_object(Bucket=name, Key="portal/abc")  # leaves a marker where versions are kept
    store.delete("abc")
    listed = client.list_object_versions(Bucket=name)
    assert [each["Key"] for each in listed["Versions"]] == ["portal/abcd"]
    assert "DeleteMarkers" not in listed
    with store.open("abcd") as source:
        assert source.read() == b"another's"


def test_a_server_without_versions_is_asked_to_delete_and_one_that_refuses_is_heard(bucket: str) -> None:
    store = S3Store(bucket, "")
    client = store._client
    for code, is_gone in (("NotImplemented", True), ("AccessDenied", False)):
        store.write("abrefused", b"x")
        with Stubber(client) as stub:
            stub.add_client_error("list_object_versions", code)
            if is_gone:
                stub.add_response("delete_object", {}, {"Bucket": bucket, "Key": "abrefused"})
            with nullcontext() if is_gone else pytest.raises(ClientError):
                store.delete("abrefused")
            stub.assert_no_pending_responses()


def test_a_folder_never_shows_half_a_file(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.write("abcdef", b"first")
    store.write("abcdef", b"second")
    assert [path.name for path in (tmp_path / "ab").iterdir()] == ["abcdef"]


def test_a_file_that_is_taken_over_is_at_its_old_place_or_at_its_new_one(tmp_path: Path) -> None:
    """Nothing lies between the two, where a kill or a failure would lose it."""
    store, finished = FolderStore(tmp_path / "blobs"), tmp_path / "finished"
    finished.write_bytes(b"whole")
    store.path("abc").mkdir(parents=True)  # nothing can be put there
    with pytest.raises(OSError):
        store.adopt("abc", finished, lambda: None)
    assert finished.read_bytes() == b"whole"
    seen = []
    store.path("abc").rmdir()
    with pytest.MonkeyPatch.context() as patch:
        real = os.rename
        patch.setattr(os, "rename", lambda a, b: (seen.append((a, b)), real(a, b))[1])
        store.adopt("abc", finished, lambda: None)
    assert [Path(target) for _source, target in seen] == [store.path("abc")]
    with store.open("abc") as content:
        assert not finished.exists() and content.read() == b"whole"
