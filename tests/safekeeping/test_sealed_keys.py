"""The key file apart: sealed by a passphrase, proved against the database, and brought back."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import create_app
from portal.crypto.secrets import KeyFileError, create_key_file
from portal.errors import Refused
from portal.safekeeping import sealed_keys
from portal.safekeeping.known_keys import remember_keys
from portal.safekeeping.sealed_keys import open_keys, seal_keys
from tests import installation
from tests.installation import Installation, Installs
from tests.safekeeping.places import run
from tests.safekeeping.test_backup import start

PHRASE = "trousseau-canari-1812"
CHEAP = {"n": 1 << 10, "r": 8, "p": 1}


@pytest.fixture
def place(
    tmp_path: Path, an_installation: Installs, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    monkeypatch.setenv("KEYS_PASSPHRASE", PHRASE)
    monkeypatch.setattr(sealed_keys, "COST", CHEAP)
    (tmp_path / "portal").mkdir()
    with an_installation(tmp_path / "portal") as installed:
        with installed.context():
            remember_keys()
        yield installed


def test_only_its_passphrase_opens_it_and_no_byte_may_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = create_key_file(tmp_path, *installation.seal())
    content = json.loads(path.read_text())
    sealed = seal_keys(content, PHRASE)
    assert open_keys(sealed, PHRASE) == content
    assert content["index"].encode() not in sealed
    head = json.loads(sealed)
    assert (head["n"], head["kdf"]) == (131072, "scrypt")
    monkeypatch.setattr(sealed_keys, "COST", CHEAP)  # from here on, what refuses is not the price
    sealed = seal_keys(content, PHRASE)
    assert open_keys(sealed, PHRASE) == content
    head = json.loads(sealed)
    changed = json.dumps(head | {"fingerprint": "0" * 32}).encode()
    for file, phrase in ((sealed, PHRASE + "x"), (changed, PHRASE), (b"{}", PHRASE), (b"\xff", PHRASE)):
        with pytest.raises(Refused):
            open_keys(file, phrase)
    with pytest.raises(Refused):
        open_keys(json.dumps(head | {"n": 1 << 40}).encode(), PHRASE)
    with pytest.raises(Refused):
        seal_keys(content, "trop court")


def test_the_sealed_file_is_proved_against_the_database(place: Installation, tmp_path: Path) -> None:
    out = tmp_path / "ring.sealed"
    assert run(place.app, "keys", "backup", "--out", str(out)).exit_code == 0
    assert out.stat().st_mode & 0o777 == 0o600
    assert run(place.app, "keys", "verify", str(out)).exit_code == 0
    assert run(place.app, "keys", "backup", "--out", str(out)).exit_code == 1  # nothing is written over
    (tmp_path / "foreign").mkdir()
    foreign = create_key_file(tmp_path / "foreign", *installation.seal())
    out.unlink()
    out.write_bytes(seal_keys(json.loads(foreign.read_text()), PHRASE))
    refused = run(place.app, "keys", "verify", str(out))
    assert refused.exit_code == 1 and "pas celui" in refused.output


@pytest.mark.slow
def test_a_folder_without_keys_gets_them_back_and_one_with_others_keeps_them(
    place: Installation, tmp_path: Path
) -> None:
    out, lost = tmp_path / "ring.sealed", place.folder / "keys.json"
    run(place.app, "keys", "backup", "--out", str(out))
    before = lost.read_bytes()
    lost.unlink()
    with pytest.raises(KeyFileError):  # no server starts without keys
        create_app(DATA_DIR=place.folder)
    assert start(place, "keys", "restore", str(out), KEYS_PASSPHRASE=PHRASE).wait() == 0
    assert json.loads(lost.read_bytes()) == json.loads(before)
    assert lost.stat().st_mode & 0o777 == 0o600
    assert run(place.app, "keys", "restore", str(out)).exit_code == 0
    lost.unlink()
    create_key_file(place.folder, *installation.seal())
    other = lost.read_bytes()
    assert run(place.app, "keys", "restore", str(out)).exit_code == 1 and lost.read_bytes() == other
