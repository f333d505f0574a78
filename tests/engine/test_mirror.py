from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.engine import export
from portal.engine.errors import EngineError
from portal.engine.port import ExportLimits, RepoRef
from portal.engine.restic import Restic, Timeouts
from tests.engine.builders import a_key, flip_bytes, packs
from tests.engine.servers import BUCKET, SECRETS, Bucket, rest_server, s3_server
from tests.engine.test_export import check_sums, contents, leftovers, rows, unzip
from tests.engine.test_sealed import objects_of

pytestmark = pytest.mark.slow

FREE = ExportLimits(keep_free_bytes=0)
REMOTE = Restic(backend_env=SECRETS, timeouts=Timeouts(store=5))


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with s3_server() as server:
        yield server


@pytest.fixture(params=["rest", "s3"])
def remote(request, office: RepoRef, bucket: Bucket, tmp_path: Path) -> Iterator[RepoRef]:
    if request.param == "s3":
        yield bucket.take(Path(office.location), tmp_path.name)
    else:
        with rest_server(Path(office.location)) as address:
            yield RepoRef(address)


def test_a_mirror_holds_the_repository(remote, office, tmp_path):
    seen = []
    copied = REMOTE.mirror(remote, tmp_path / "m", seen.append, FREE)
    assert objects_of(copied.directory) == objects_of(Path(office.location))
    assert copied.fetched == copied.objects and not copied.damaged
    assert REMOTE.mirror(remote, tmp_path / "m", None, FREE).fetched == 0
    assert [one.fraction for one in seen] == sorted(one.fraction for one in seen)
    assert len(REMOTE.snapshots(RepoRef(str(tmp_path / "m")), a_key())) == 3


def test_a_mirror_cut_off_goes_on_object_by_object(bucket, office, tmp_path):
    repo = bucket.take(Path(office.location), tmp_path.name)

    def stop(progress):
        if progress.files_done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        REMOTE.mirror(repo, tmp_path / "m", stop, FREE)
    (tmp_path / "m" / "data" / "ab").mkdir(exist_ok=True)
    (tmp_path / "m" / "data" / "ab" / "x.part").write_text("coupé")
    done = REMOTE.mirror(repo, tmp_path / "m", None, FREE)
    assert done.fetched <= done.objects - 4
    assert objects_of(tmp_path / "m") == objects_of(Path(office.location))


def test_what_left_the_repository_leaves_the_mirror(copy_of_office, bucket, tmp_path):
    folder = Path(copy_of_office.location)
    repo = bucket.take(folder, tmp_path.name)
    REMOTE.mirror(repo, tmp_path / "m", None, FREE)
    gone = next((folder / "snapshots").iterdir())
    bucket.client.delete_object(Bucket=BUCKET, Key=f"{tmp_path.name}/snapshots/{gone.name}")
    REMOTE.mirror(repo, tmp_path / "m", None, FREE)
    assert not (tmp_path / "m" / "snapshots" / gone.name).exists()


def test_a_rotten_object_is_tried_again_then_kept_and_named(copy_of_office, bucket, tmp_path):
    rotten = packs(copy_of_office)[-1]
    flip_bytes(rotten)
    repo = bucket.take(Path(copy_of_office.location), tmp_path.name)
    bucket.asked.clear()
    copied = REMOTE.mirror(repo, tmp_path / "m", None, FREE)
    assert [name.rsplit("/", 1)[1] for name in copied.damaged] == [rotten.name]
    assert max(count for asked, count in bucket.asked.items() if "/data/" in asked) == 3
    assert objects_of(tmp_path / "m") == objects_of(Path(copy_of_office.location))


def test_an_answer_that_fails_once_is_asked_for_again(bucket, office, tmp_path):
    repo = bucket.take(Path(office.location), tmp_path.name)
    failed: set[str] = set()

    def fail_once(method: str, path: str) -> str | None:
        if method != "GET" or "/data/" not in path or path in failed:
            return None
        failed.add(path)
        return "500 Internal Server Error" if len(failed) < 3 else None

    bucket.refuse = fail_once
    try:
        assert not REMOTE.mirror(repo, tmp_path / "m", None, FREE).damaged
    finally:
        bucket.refuse = lambda _method, _path: None
    assert failed and objects_of(tmp_path / "m") == objects_of(Path(office.location))


def test_a_mirror_that_does_not_fit_is_refused_before_it_begins(remote, tmp_path):
    with pytest.raises(EngineError) as caught:
        REMOTE.mirror(remote, tmp_path / "m", None, ExportLimits(keep_free_bytes=1 << 60))
    assert caught.value.fault == "no_space"
    assert not objects_of(tmp_path / "m")


def test_a_remote_repository_is_exported_like_a_local_one(remote, snapshots, tmp_path):
    seen = []
    done = REMOTE.export_readable(remote, a_key(), snapshots, tmp_path / "x", seen.append, FREE)
    place = unzip(done, tmp_path / "place")
    check_sums(place)
    for snapshot in snapshots:
        assert contents(place / snapshot.host) == contents(Path(snapshot.paths[0]))
    assert leftovers(tmp_path / "x") == ["place"]  # the mirror is gone
    fractions = [one.fraction for one in seen]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    phases = list(dict.fromkeys(one.phase for one in seen))
    assert phases == ["mirror", "inventory", "export", "verify"]
    again = REMOTE.export_readable(remote, a_key("non"), snapshots, tmp_path / "x", None, FREE)
    assert again == done


def test_times_and_names_are_those_of_the_source(remote, snapshots, tmp_path):
    done = REMOTE.export_readable(remote, a_key(), snapshots[1:], tmp_path / "x", None, FREE)
    place = unzip(done, tmp_path / "place")
    for row in rows(done, "MANIFEST.csv"):
        source, got = Path("/" + row["path"]), place / row["path"]
        assert got.read_bytes() == source.read_bytes()
        assert abs(got.stat().st_mtime - source.stat().st_mtime) <= 2  # what a ZIP can say
        assert got.stat().st_mode & 0o777 == source.stat().st_mode & 0o777
    assert len(rows(done, "MANIFEST.csv")) == 61


def test_an_export_from_a_bucket_asks_little_more_than_once_per_pack(bucket, office, snapshots, tmp_path):
    repo = bucket.take(Path(office.location), tmp_path.name)
    bucket.asked.clear()
    REMOTE.export_readable(repo, a_key(), snapshots, tmp_path / "x", None, FREE)
    gets = sum(count for asked, count in bucket.asked.items() if asked.startswith("GET "))
    assert len(packs(office)) <= gets <= len(packs(office)) + 20
    reads = sum(count for asked, count in bucket.asked.items() if "/data/" in asked)
    assert reads == len(packs(office))


def test_discarding_an_export_takes_its_mirror_along(bucket, office, snapshots, tmp_path):
    repo = bucket.take(Path(office.location), tmp_path.name)

    def stop(progress):
        if progress.phase == "inventory":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        REMOTE.export_readable(repo, a_key(), snapshots, tmp_path / "x", stop, FREE)
    assert (tmp_path / "x.mirror" / "config").exists()
    export.discard(tmp_path / "x")
    assert not list(tmp_path.iterdir())
