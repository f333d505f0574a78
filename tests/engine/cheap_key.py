"""Make a test repository quick to open: the same master key under a cheap key derivation.

A real repository spends half a second of scrypt on every command, on purpose. Nothing else changes: the
key file stays a genuine one of the engine (AES-256-CTR with Poly1305-AES, named by its SHA-256).
"""

import base64
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR, ECB
from cryptography.hazmat.primitives.poly1305 import Poly1305

from portal.engine.customer_side import init_repository
from portal.engine.passphrase import Passphrase
from portal.engine.port import RepoRef
from portal.engine.restic import Restic


def new_repository(place: Path, passphrase: str) -> None:
    """An empty repository: made by the engine once per run of the tests, then copied."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    shared = Path(tempfile.gettempdir()) / f"portal-empty-{run}"
    shared.mkdir(exist_ok=True)
    template = shared / hashlib.sha256(passphrase.encode()).hexdigest()[:8]
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            _forget_old_runs(shared)
            init_repository(Restic(), RepoRef(str(template)), Passphrase(passphrase))
            cheapen(template, passphrase)
    shutil.copytree(template, place)


def _forget_old_runs(present: Path) -> None:
    """No process of a run can know that it is the last: the next run clears what is an hour old."""
    for old in present.parent.glob("portal-empty-*"):
        if old != present and time.time() - old.stat().st_mtime > 3600:
            shutil.rmtree(old, ignore_errors=True)


def cheapen(repository: Path, passphrase: str) -> None:
    """Replace each key file by one with the smallest scrypt parameters."""
    for path in list((repository / "keys").iterdir()):
        record = json.loads(path.read_text())
        master = _open(record, passphrase.encode())
        record |= {"N": 2, "r": 1, "p": 1}
        record["data"] = base64.b64encode(_seal(record, passphrase.encode(), master)).decode()
        content = json.dumps(record).encode()
        path.unlink()
        (repository / "keys" / hashlib.sha256(content).hexdigest()).write_bytes(content)


def _keys(record: dict[str, object], passphrase: bytes) -> tuple[bytes, bytes, bytes]:
    salt = base64.b64decode(str(record["salt"]))
    n, r, p = (int(str(record[name])) for name in ("N", "r", "p"))
    derived = hashlib.scrypt(passphrase, salt=salt, n=n, r=r, p=p, dklen=64, maxmem=2**28)
    return derived[:32], derived[32:48], derived[48:]


def _mac(nonce: bytes, k: bytes, r: bytes, body: bytes) -> bytes:
    clamped = bytearray(r)
    for position in (3, 7, 11, 15):
        clamped[position] &= 15
    for position in (4, 8, 12):
        clamped[position] &= 252
    block = Cipher(AES(k), ECB()).encryptor().update(nonce)
    return Poly1305.generate_tag(bytes(clamped) + block, body)


def _open(record: dict[str, object], passphrase: bytes) -> bytes:
    data = base64.b64decode(str(record["data"]))
    nonce, body, tag = data[:16], data[16:-16], data[-16:]
    key, k, r = _keys(record, passphrase)
    assert _mac(nonce, k, r, body) == tag, "not the passphrase of this repository"
    return Cipher(AES(key), CTR(nonce)).decryptor().update(body)


def _seal(record: dict[str, object], passphrase: bytes, plain: bytes) -> bytes:
    key, k, r = _keys(record, passphrase)
    nonce = os.urandom(16)
    body = Cipher(AES(key), CTR(nonce)).encryptor().update(plain)
    return nonce + body + _mac(nonce, k, r, body)
