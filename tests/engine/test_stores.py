import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.engine import destruction, keyless
from portal.engine.errors import EngineError
from portal.engine.port import RepoRef
from portal.engine.restic import Restic, Timeouts
from portal.engine.stores import open_store
from portal.engine.stores.objects import Access
from tests.engine.builders import a_key, damaged_in, flip_bytes, packs
from tests.engine.servers import BUCKET, SECRETS, Bucket, bad_server, dated_server, rest_server, s3_server

pytestmark = pytest.mark.slow

KEYS = Access(SECRETS)
HURRIED = Access(SECRETS, seconds=0.3, attempts=2)


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with s3_server() as server:
        yield server


@pytest.fixture(params=["rest", "s3"])
def remote(request, copy_of_office: RepoRef, bucket: Bucket, tmp_path: Path) -> Iterator[RepoRef]:
    """A copy of the office's repository on a server."""
    if request.param == "s3":
        yield bucket.take(Path(copy_of_office.location), f"essai {tmp_path.name}/x")
    else:
        with rest_server(Path(copy_of_office.location)) as address:
            yield RepoRef(address)


def test_a_repository_on_a_server_weighs_what_it_weighs_here(remote, office):
    here, there = keyless.usage(office), keyless.usage(remote, KEYS)
    assert (there.bytes_stored, there.objects, there.snapshots, there.keys, there.locks) == (
        here.bytes_stored,
        here.objects,
        here.snapshots,
        here.keys,
        here.locks,
    )


def test_the_last_backup_is_dated_by_the_server_that_knows_it(bucket, office):
    with dated_server(Path(office.location)) as address:
        by_rest = keyless.usage(RepoRef(address)).newest_snapshot_at
    by_s3 = keyless.usage(bucket.take(Path(office.location), "date"), KEYS).newest_snapshot_at
    assert by_rest == keyless.usage(office).newest_snapshot_at.replace(microsecond=0)
    assert datetime.now(UTC) - by_s3 < timedelta(hours=1)


def test_measuring_asks_for_lists_only(bucket, office):
    repo = bucket.take(Path(office.location), "mesure")
    bucket.asked.clear()
    keyless.usage(repo, KEYS)
    assert not [asked for asked in bucket.asked if asked.startswith(f"GET /{BUCKET}/mesure/")]
    assert bucket.asked.total() <= 10


def test_a_repository_on_a_server_is_verified_without_the_key(remote):
    seen = list(keyless.hashed(remote, access=KEYS))
    assert all(one.is_good for one in seen) and len(seen) == keyless.usage(remote, KEYS).objects - 1


@pytest.mark.parametrize("kind", ["rest", "s3"])
def test_a_rotten_object_on_a_server_is_found(kind, copy_of_office, bucket, tmp_path):
    rotten = packs(copy_of_office)[-1]
    flip_bytes(rotten)
    folder = Path(copy_of_office.location)
    if kind == "s3":
        damaged = damaged_in(bucket.take(folder, "rouille"), KEYS)
    else:
        with rest_server(folder) as address:
            damaged = damaged_in(RepoRef(address), KEYS)
    assert [name.rsplit("/", 1)[1] for name in damaged] == [rotten.name]


def test_a_repository_on_a_server_is_destroyed_and_counted(remote, office, tmp_path):
    before = keyless.usage(remote, KEYS)
    seen = []
    report = destruction.destroy(remote, tmp_path / "journal", seen.append, KEYS)
    assert (report.objects, report.bytes, report.keys) == (before.objects, before.bytes_stored, 1)
    assert not keyless.exists(remote, KEYS)
    assert seen[-1].fraction == 1.0
    assert [one.fraction for one in seen] == sorted(one.fraction for one in seen)
    assert destruction.destroy(remote, tmp_path / "journal", None, KEYS) == report


def test_every_version_and_every_unfinished_upload_goes(copy_of_office, bucket, tmp_path):
    folder = Path(copy_of_office.location)
    on = {"Status": "Enabled"}
    bucket.client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=on)
    try:
        bucket.take(folder, "versions")
        repo = bucket.take(folder, "versions")
        one = packs(copy_of_office)[0]
        key = f"versions/{one.relative_to(folder).as_posix()}"
        bucket.client.delete_object(Bucket=BUCKET, Key=key)
        bucket.client.create_multipart_upload(Bucket=BUCKET, Key=f"versions/data/{'ab' * 32}")
        neighbour = bucket.take(folder, "versions-autre")
        objects = len([file for file in folder.rglob("*") if file.is_file()])
        report = destruction.destroy(repo, tmp_path / "journal", None, KEYS)
        assert bucket.left("versions") == []
        assert (report.objects, report.uploads) == (objects, 1)
        assert report.versions == objects + 2  # each older one, both of the deleted one, and its marker
        assert report.bytes == 2 * keyless.usage(copy_of_office).bytes_stored
        assert keyless.usage(neighbour, KEYS).objects == objects
    finally:
        off = {"Status": "Suspended"}
        bucket.client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=off)


def test_the_keys_go_first_and_a_cut_destruction_is_finished(copy_of_office, bucket, tmp_path):
    repo = bucket.take(Path(copy_of_office.location), "coupe")
    deleted: list[str] = []

    def fail_later(method: str, path: str) -> str | None:
        if method == "DELETE":
            deleted.append(path)
        return "403 Forbidden" if len(deleted) > 3 else None

    bucket.refuse = fail_later
    try:
        with pytest.raises(EngineError) as caught:
            destruction.destroy(repo, tmp_path / "journal", None, KEYS)
    finally:
        bucket.refuse = lambda _method, _path: None
    assert caught.value.fault == "backend_denied"
    assert "/keys/" in deleted[0] and "/snapshots/" in deleted[1]
    report = destruction.destroy(repo, tmp_path / "journal", None, KEYS)
    assert bucket.left("coupe") == []
    assert (report.objects, report.keys) == (keyless.usage(copy_of_office).objects, 1)


def test_foreign_objects_in_the_bucket_stop_a_destruction(copy_of_office, bucket, tmp_path):
    repo = bucket.take(Path(copy_of_office.location), "partage")
    bucket.client.put_object(Bucket=BUCKET, Key="partage/autre-client/config", Body=b"x")
    before = bucket.left("partage")
    with pytest.raises(EngineError) as caught:
        destruction.destroy(repo, tmp_path / "journal", None, KEYS)
    assert caught.value.fault == "unsafe_path"
    assert bucket.left("partage") == before and not (tmp_path / "journal").exists()


def test_a_server_that_only_adds_refuses_a_destruction(copy_of_office, tmp_path):
    with rest_server(Path(copy_of_office.location), "--append-only") as address:
        with pytest.raises(EngineError) as caught:
            destruction.destroy(RepoRef(address), tmp_path / "journal", None, KEYS)
        assert caught.value.fault == "backend_denied"
        assert keyless.usage(RepoRef(address)).objects == keyless.usage(copy_of_office).objects


def test_the_journal_and_the_report_carry_no_credentials(copy_of_office, tmp_path):
    with rest_server(Path(copy_of_office.location), "--user", "u", "--pass", "canari-77") as address:
        assert fault_of(RepoRef(address)) == "backend_denied"
        repo = RepoRef(address.replace("//", "//u:canari-77@"))
        report = destruction.destroy(repo, tmp_path / "journal")
    assert "canari-77" not in report.location + (tmp_path / "journal").read_text()
    assert json.loads((tmp_path / "journal").read_text())["finished_at"]


def fault_of(repo: RepoRef, access: Access = HURRIED) -> str:
    with pytest.raises(EngineError) as caught:
        keyless.usage(repo, access)
    assert SECRETS["AWS_SECRET_ACCESS_KEY"] not in str(caught.value)
    assert caught.value.__cause__ is None  # the libraries' errors carry requests
    return caught.value.fault


@pytest.mark.parametrize("kind", ["rest:{}/", "s3:{}/coffres/x"])
@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (500, "backend_unreachable"),
        (503, "backend_unreachable"),
        (403, "backend_denied"),
        (404, "repo_missing"),
    ],
)
def test_what_a_server_answers_is_told(kind, status, fault):
    with bad_server(status) as address:
        assert fault_of(RepoRef(kind.format(address))) == fault


@pytest.mark.parametrize("kind", ["rest:{}/", "s3:{}/coffres/x"])
def test_a_server_that_says_nothing_is_left_in_the_end(kind):
    with bad_server(200, silent_seconds=30) as address:
        assert fault_of(RepoRef(kind.format(address))) == "backend_unreachable"


@pytest.mark.parametrize("kind", ["rest:{}/", "s3:{}/coffres/x"])
def test_a_server_that_is_down_is_not_a_missing_repository(kind):
    assert fault_of(RepoRef(kind.format("http://127.0.0.1:1"))) == "backend_unreachable"


def test_a_missing_bucket_is_a_missing_repository(bucket):
    assert fault_of(RepoRef(f"s3:{bucket.endpoint}/absent/x"), KEYS) == "repo_missing"


def test_a_bucket_without_credentials_is_refused(bucket):
    assert fault_of(bucket.repo("x"), Access()) == "backend_denied"


@pytest.mark.parametrize(
    "location", ["rest:ftp://h/", "s3:http://h", "s3:http://h/b/../c", "s3:https://u:p@h/b"]
)
def test_an_address_that_nobody_reads_is_refused(location):
    assert fault_of(RepoRef(location)) == "unsupported"


def test_restic_and_the_stores_use_the_same_credentials(copy_of_office, bucket):
    repo = bucket.take(Path(copy_of_office.location), "restic")
    engine = Restic(backend_env=SECRETS, timeouts=Timeouts(store=5))
    assert engine.exists(repo)
    assert len(engine.open_check(repo, a_key())) == 64
    assert SECRETS["AWS_SECRET_ACCESS_KEY"] not in repr(engine._access(repo))


def test_what_goes_away_during_a_verification_is_no_damage(copy_of_office):
    gone = packs(copy_of_office)[-1]
    seen = []
    for one in keyless.hashed(copy_of_office):
        gone.unlink(missing_ok=True)
        seen.append(one)
    assert all(one.is_good for one in seen)
    assert gone.name not in {one.name.rsplit("/", 1)[-1] for one in seen[1:]}


def test_a_backup_during_a_verification_succeeds(copy_of_office, tmp_path):
    from tests.engine.builders import a_backup, many_files

    source = many_files(tmp_path / "source", count=5)
    backed_up = []
    for one in keyless.hashed(copy_of_office):
        assert one.is_good
        if not backed_up:
            backed_up.append(a_backup(copy_of_office, source))
    assert backed_up


def test_every_store_gives_a_part_and_a_size_and_one_folder(remote, office):
    packs_here = {path.name: path for path in Path(office.location).glob("data/*/*")}
    for repo in (office, remote):
        store = open_store(repo, KEYS)
        found = {one.base: one for one in store.listed("data")}
        assert {name: one.bytes for name, one in found.items()} == {
            name: path.stat().st_size for name, path in packs_here.items()
        }
        name, path = max(packs_here.items(), key=lambda item: item[1].stat().st_size)
        assert store.size_of(found[name].name) == path.stat().st_size
        assert store.size_of("keys/" + "0" * 64) is None
        with store.open(found[name].name, 10, 29) as content:
            assert _first_bytes(content, 20) == path.read_bytes()[10:30]


def test_a_server_that_knows_no_ranges_gives_the_part_all_the_same(office):
    key = next(Path(office.location).glob("keys/*"))
    with (
        dated_server(Path(office.location)) as address,
        open_store(RepoRef(address), Access()).open(f"keys/{key.name}", 10, 29) as content,
    ):
        assert _first_bytes(content, 20) == key.read_bytes()[10:30]


def _first_bytes(content, count: int) -> bytes:
    buffer, done = memoryview(bytearray(count)), 0
    while done < count and (read := content.readinto(buffer[done:])):
        done += read
    return bytes(buffer[:done])
