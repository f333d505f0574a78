import os
import subprocess
import sys
import time
from datetime import UTC
from pathlib import Path

import pytest

from portal.engine.errors import EngineError, EngineFault
from portal.engine.naming import fold
from portal.engine.port import RepoRef
from portal.engine.restic import Restic, Timeouts
from tests.engine.builders import AWKWARD, SECRET, a_key, damage_contents, damage_directories

pytestmark = pytest.mark.slow


def fault_of(call) -> EngineFault:
    with pytest.raises(EngineError) as caught:
        call()
    assert SECRET not in str(caught.value)
    return caught.value.fault


def test_the_right_passphrase_opens_the_repository(engine, office):
    assert len(engine.open_check(office, a_key())) == 64


def test_a_wrong_passphrase_is_told_as_such(engine, office):
    assert fault_of(lambda: engine.open_check(office, a_key("non"))) == "wrong_key"


def test_a_folder_without_repository_is_told_as_such(engine, tmp_path):
    repo = RepoRef(str(tmp_path / "rien"))
    assert fault_of(lambda: engine.open_check(repo, a_key())) == "repo_missing"


def test_a_server_that_is_down_is_not_a_missing_repository(engine):
    repo = RepoRef("rest:http://user:motdepasse@127.0.0.1:1/")
    with pytest.raises(EngineError) as caught:
        engine.open_check(repo, a_key())
    assert caught.value.fault == EngineFault.BACKEND_UNREACHABLE
    assert "motdepasse" not in str(caught.value) + repr(repo)


def test_a_missing_program_is_told_as_such():
    assert fault_of(Restic("restic-absent").probe) == "binary_missing"


def test_a_program_that_is_too_old_is_refused(tmp_path):
    old = tmp_path / "restic"
    old.write_text("#!/bin/sh\necho restic 0.12.1 compiled with go1.18\n")
    old.chmod(0o755)
    assert fault_of(Restic(str(old)).probe) == "version_too_old"


def test_a_silent_program_is_stopped(tmp_path):
    mute = tmp_path / "restic"
    mute.write_text("#!/bin/sh\nexec sleep 60\n")
    mute.chmod(0o755)
    assert fault_of(Restic(str(mute), timeouts=Timeouts(version=0.3)).probe) == "timed_out"


def test_a_program_that_retries_a_dead_server_is_stopped_and_the_server_named(tmp_path):
    patient = tmp_path / "restic"
    patient.write_text("#!/bin/sh\necho 'dial tcp: connect: connection refused' >&2\nexec sleep 60\n")
    patient.chmod(0o755)
    waiting = Restic(str(patient), timeouts=Timeouts(version=0.3)).probe
    assert fault_of(waiting) == "backend_unreachable"


def test_the_newest_of_each_machine_is_chosen(engine, office, snapshots):
    everything = engine.snapshots(office, a_key())
    assert [one.host for one in snapshots] == ["accueil", "compta"]
    assert len(everything) == 3
    newest = max(one.time for one in everything if one.host == "compta")
    assert snapshots[1].time == newest
    assert newest.tzinfo is UTC


def test_the_inventory_lists_every_kind_of_node(engine, office, snapshots):
    nodes = {}
    totals = engine.inventory(
        office, a_key(), snapshots[0].id, lambda node: nodes.update({Path(node.path).name: node})
    )
    assert {fold(os.fsdecode(name)) for name in AWKWARD} <= set(nodes)
    assert nodes["tube"].type == "fifo" and nodes["lien"].type == "symlink"
    assert totals.files == len(AWKWARD) + 1
    assert totals.specials == 2


def test_an_unknown_snapshot_is_told_as_such(engine, office):
    def listing():
        engine.inventory(office, a_key(), "0" * 64, print)

    assert fault_of(listing) == "snapshot_missing"


def test_an_abbreviated_snapshot_is_refused(engine, office, snapshots):
    read = engine.read_file(office, a_key(), "latest", "/x")
    assert fault_of(lambda: list(read)) == "snapshot_missing"


@pytest.mark.parametrize("name", ["a[1]*.txt", "café.txt", "vide.txt", "octet\udcff.txt"])
def test_one_file_is_read_by_its_literal_name(engine, office, snapshots, name):
    path = f"{snapshots[0].paths[0]}/{name}"
    content = b"".join(engine.read_file(office, a_key(), snapshots[0].id, path))
    assert content == (b"" if name == "vide.txt" else os.fsencode(name))


def test_an_unknown_path_is_told_as_such(engine, office, snapshots):
    read = engine.read_file(office, a_key(), snapshots[0].id, "/rien/du/tout")
    assert fault_of(lambda: list(read)) == "path_missing"


def test_a_file_of_a_damaged_repository_ends_as_an_error(engine, copy_of_office, snapshots):
    damage_contents(copy_of_office)
    path = f"{snapshots[1].paths[0]}/dossier0/fichier056.bin"
    read = engine.read_file(copy_of_office, a_key(), snapshots[1].id, path)
    assert fault_of(lambda: list(read)) == "damaged"


def test_a_damaged_directory_ends_the_inventory_as_an_error(engine, copy_of_office, snapshots):
    damage_directories(copy_of_office)

    def listing():
        for snapshot in snapshots:
            engine.inventory(copy_of_office, a_key(), snapshot.id, lambda node: None)

    assert fault_of(listing) == "damaged"


def test_a_cancelled_listing_stops(engine, office, snapshots):
    def listing():
        engine.inventory(office, a_key(), snapshots[0].id, print, cancel=lambda: True)

    assert fault_of(listing) == "cancelled"


def test_a_child_dies_with_the_process_that_started_it(tmp_path):
    program = tmp_path / "restic"
    program.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n")
    program.chmod(0o755)
    code = (
        "import threading; from portal.engine.restic import Restic;"
        f"t = threading.Thread(target=Restic({str(program)!r}).probe); t.start(); t.join()"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
    child = int((tmp_path / "pid").read_text())
    parent.kill()
    parent.wait()
    wait_for(lambda: not Path(f"/proc/{child}").exists() or state(child) == "Z")


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def wait_for(condition, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
