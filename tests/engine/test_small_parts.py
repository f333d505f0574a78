import hashlib
import io
import pickle
import subprocess
import tarfile

import pytest

from portal.engine.documents import EmptyFolders, checksum_line
from portal.engine.errors import SENTENCES, EngineError, EngineFault, classify, redact
from portal.engine.naming import Namer, fold
from portal.engine.passphrase import Passphrase
from portal.engine.port import Node, Progress, RepoRef
from portal.engine.tally import Tally
from portal.engine.tarstream import TarReader, TruncatedTar
from portal.engine.zip_archive import zip_date


def test_every_fault_has_a_sentence():
    assert set(SENTENCES) == set(EngineFault)


@pytest.mark.parametrize(
    ("code", "text", "fault"),
    [
        (1, "Fatal: wrong password or no key found", "wrong_key"),
        (12, "", "wrong_key"),
        (
            1,
            "Fatal: unable to open config file: … Is there a repository at the following location?",
            "repo_missing",
        ),
        (10, "", "repo_missing"),
        (
            1,
            "dial tcp: connection refused\nIs there a repository at the following location?",
            "backend_unreachable",
        ),
        (1, "unable to create lock in backend: repository is already locked by PID 12", "locked"),
        (11, "", "locked"),
        (1, "write /x: no space left on device", "no_space"),
        (1, "unexpected HTTP response (403): 403 Forbidden", "backend_denied"),
        (2, "ciphertext verification failed", "damaged"),
        (2, "panic: runtime error", "damaged"),
        (
            1,
            "Load(<snapshot/00>, 0, 0) failed: open /x/snapshots/00: no such file or directory\n"
            "failed to load snapshot [null]: open /x/snapshots/00: no such file or directory",
            "snapshot_missing",
        ),
        (
            1,
            "failed to load snapshot [null]: \\u003csnapshot/0000000000\\u003e does not exist",
            "snapshot_missing",
        ),
        (1, "failed to load snapshot 1a2b: ciphertext verification failed", "damaged"),
        (99, "something new", "unknown"),
        (-9, "", "unknown"),
    ],
)
def test_what_restic_says_is_classified(code, text, fault):
    assert classify(code, text) == fault


def test_what_is_kept_of_stderr_names_nobody():
    said = 'open "Dossier Martin/paie.pdf" /srv/clients/martin/paie.pdf rest:https://u:p@h/x failed'
    kept = redact(said)
    assert "artin" not in kept and "u:p" not in kept and "failed" in kept
    assert len(redact("a" * 100_000)) <= 2_000


def test_a_passphrase_does_not_show_and_can_be_wiped():
    raw = bytearray(b"secret")
    key = Passphrase(raw)
    assert "secret" not in f"{key!r} {key}"
    with pytest.raises(TypeError):
        pickle.dumps(key)
    key.wipe()
    assert raw == b""
    with pytest.raises(EngineError) as caught:
        key.view_into(print)
    assert caught.value.fault == "key_gone"


@pytest.mark.parametrize("secret", ["", "  ", "a\nb", "a" * 1_025])
def test_a_passphrase_that_restic_could_not_read_is_refused(secret):
    with pytest.raises(EngineError):
        Passphrase(secret)


def test_a_repository_is_recognised_by_its_address():
    backends = [RepoRef(one).backend for one in ("/srv/r", "rest:http://h/", "s3:http://h/b")]
    assert backends == ["local", "rest", "s3"]


@pytest.mark.parametrize("location", ["relative", "sftp:h:/r", "rclone:x", "/srv/a\nb"])
def test_other_addresses_are_refused(location):
    with pytest.raises(EngineError):
        RepoRef(location)


def test_names_are_unique_whatever_the_case_and_the_form_of_accents():
    namer = Namer()
    given = ["a/É.txt", "a/é.txt", "a/e\u0301.txt", "A/x", "a:b/x", "b", "B", ".cache", ".CACHE"]
    names = [namer.name(path) for path in given]
    assert names[:3] == ["a/É.txt", "a/é~2.txt", "a/é~3.txt".replace("é", "e\u0301")]
    assert names[3:] == ["A~2/x", "a_b/x", "b", "B~2", ".cache", ".CACHE~2"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("CONTRAT", "CONTRAT"),
        ("lpt1", "_lpt1"),
        ("fin.", "fin_"),
        ("a. ", "a__"),
        ('a<>:"|?*b', "a_______b"),
        ("SHA256SUMS", "SHA256SUMS~2"),
        ("\udcff", "_"),
    ],
)
def test_a_name_that_windows_refuses_is_changed(name, expected):
    assert Namer().name(name) == expected


def test_a_path_too_long_for_windows_moves_to_a_short_one():
    name = Namer("poste").name("dossier/" * 40 + "rapport.pdf")
    assert name.startswith("poste/chemins-longs/") and name.endswith("/rapport.pdf")


def test_bytes_that_are_not_utf8_fold_as_restic_shows_them():
    raw = b"\xe2\x82a\xff\xed\xa0\x80".decode("utf-8", "surrogateescape")
    assert fold(raw) == "\ufffd\ufffda\ufffd\ufffd\ufffd\ufffd"


def test_odd_names_are_escaped_as_coreutils_does(tmp_path):
    lines = ""
    for name in ("simple", "ligne\n2", "barre\\", "  blancs"):
        (tmp_path / name).write_text(name)
        lines += checksum_line(name, hashlib.sha256(name.encode()).hexdigest())
    (tmp_path / "SUMS").write_text(lines)
    subprocess.run(["sha256sum", "--strict", "-c", "SUMS"], cwd=tmp_path, check=True)


def test_empty_folders_are_found_in_tree_order():
    folders = EmptyFolders()
    nodes = [
        Node(path, type_, 0, None, 0)
        for path, type_ in (
            ("/a", "dir"),
            ("/a/f", "file"),
            ("/a/vide", "dir"),
            ("/ab", "dir"),
            ("/ab/c", "dir"),
        )
    ]
    assert [one for node in [*nodes, None] if (one := folders.see(node))] == ["/a/vide", "/ab/c"]


def test_two_tallies_are_equal_whatever_the_order():
    one, other, third = Tally(), Tally(), Tally()
    for tally, names in ((one, "abb"), (other, "bab"), (third, "aab")):
        for name in names:
            tally.add(0, name, 4)
    assert one == other != third


def a_tar(format_: int) -> tuple[bytes, dict[str, bytes]]:
    files = {
        "court.txt": b"x",
        "é" * 80 + "/long.txt": b"y" * 513,
        "octet\udcff": b"",
        "gros": b"z" * 3_000_000,
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format_) as out:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), 1_700_000_000
            out.addfile(info, io.BytesIO(content))
    return buffer.getvalue(), files


@pytest.mark.parametrize("format_", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_a_tar_stream_is_read_whole(format_):
    raw, files = a_tar(format_)
    reader = TarReader(io.BytesIO(raw))
    assert {member.path: b"".join(reader.chunks()) for member in reader} == files


@pytest.mark.parametrize("cut", [100, 1_024, 5_000, 2_000_000])
def test_a_tar_stream_cut_off_is_never_taken_for_a_short_one(cut):
    raw, _ = a_tar(tarfile.PAX_FORMAT)
    with pytest.raises(TruncatedTar):
        list(TarReader(io.BytesIO(raw[:cut])))
    with pytest.raises(TruncatedTar):
        list(TarReader(io.BytesIO(raw.rstrip(b"\0"))))


def test_dates_outside_of_what_a_zip_can_say_are_brought_inside():
    assert zip_date(-1e12) == zip_date(0) == (1980, 1, 1, 0, 0, 0)
    assert zip_date(1e20) == (1980, 1, 1, 0, 0, 0)
    assert zip_date(1_700_000_000) == (2023, 11, 14, 23, 13, 20)  # Paris


def test_progress_of_an_empty_operation_is_defined():
    assert Progress("inventory", 0, 0, 0, 0).fraction == 0
    assert Progress("verify", 1, 1, 5, 5).fraction == 1
