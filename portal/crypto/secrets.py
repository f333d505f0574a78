"""Keys and sealed values.

The keys live in one file made at set-up (``DATA_DIR/keys.json``, mode 0600), never in git and never in the
environment. A sealed value is AES-256-GCM with the key's id in front and its context (table, column, row)
authenticated: moved to another row it does not open. Equality look-ups go through a blind index (HMAC).

Of every kind of key the file may hold several: one is in use, the others still open or verify what they
made, or wait for their turn (see ``portal/safekeeping/rotation.py``). A process reads the file again when it
has changed.
"""

import base64
import hashlib
import hmac
import os
import secrets as random_source
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from flask import Flask, current_app

from portal.crypto.key_file import NAME, Content, KeyFileError, create_key_file, read_key_file

__all__ = ["KeyFileError", "Keyring", "Sealed", "create_key_file", "keyring", "new_token", "token_hash"]

log = structlog.get_logger()
FIRST_INDEX = "i1"  # the name of the only index key in a file that does not name it


class Keyring:
    """The keys of this installation.

    index_in_use: what the database says, asked only while the file holds several index keys: all processes
    must change over at the same instant.
    """

    def __init__(self, content: Content, index_in_use: Callable[[], str | None] = lambda: None) -> None:
        self._master = {kid: base64.b64decode(key) for kid, key in content["data"].items()}
        self._data = {kid: AESGCM(key) for kid, key in self._master.items()}
        self.current: str = content["current"]
        named = content.get("index_keys") or {FIRST_INDEX: content["index"]}
        self._index = {kid: base64.b64decode(key) for kid, key in named.items()}
        self._index_current: str = content.get("index_current", FIRST_INDEX)
        self._index_in_use = index_in_use
        self._forced: str | None = None
        self._pinned: str = content.get("fingerprint", "")
        self.session_key: str = content["session"]
        self.other_session_keys: list[str] = [each["key"] for each in content.get("session_others", [])]
        self.license_kid: str = content["license"]["kid"]
        self._license_pems = {self.license_kid: str(content["license"]["pem"])}
        self._license_pems |= {each["kid"]: each["pem"] for each in content.get("license_others", [])}
        self._license_keys: dict[str, Ed25519PrivateKey] = {}
        self._key_days: dict[str, Any] = {name: content.get(name, {}) for name in ("added", "replaced")}
        self._license_retired: dict[str, str] = content.get("license_retired", {})
        # By key id: {"public_key", "at"}. What they signed counts no more.
        self.license_withdrawn: dict[str, dict[str, str]] = content.get("license_withdrawn", {})
        self.seal_key_pem: bytes = content["seal"]["key"].encode()
        self.seal_certificate_pem: bytes = content["seal"]["certificate"].encode()
        others = [each["certificate"].encode() for each in content.get("seal_others", [])]
        others += [each.encode() for each in content.get("seal_retired", [])]
        self.seal_certificates: list[bytes] = [self.seal_certificate_pem, *others]

    def seal(self, plain: str, context: str) -> str:
        """Encrypt for one place only; ``context`` is ``table.column:row``."""
        nonce = os.urandom(12)
        body = nonce + self._data[self.current].encrypt(nonce, plain.encode(), context.encode())
        return f"{self.current}.{base64.urlsafe_b64encode(body).decode()}"

    def open(self, sealed: str, context: str) -> str:
        """Decrypt; raises ``InvalidTag`` for a changed or moved value."""
        kid, _, body = sealed.partition(".")
        if kid not in self._data:
            raise InvalidTag
        raw = base64.urlsafe_b64decode(body)
        return self._data[kid].decrypt(raw[:12], raw[12:], context.encode()).decode()

    def file_key(self, kid: str, salt: bytes, context: str) -> bytes:
        """The 32 bytes of one stored file's key. Raises ``InvalidTag`` for a key that is not in the ring."""
        if kid not in self._master:
            raise InvalidTag
        derivation = HKDF(hashes.SHA256(), 32, salt, f"stored file\0{context}".encode())
        return derivation.derive(self._master[kid])

    @property
    def index_kid(self) -> str:
        """The index key in use; the database decides where the ring holds several."""
        if self._forced is not None:
            return self._forced
        return (len(self._index) > 1 and self._index_in_use()) or self._index_current

    def blind_index(self, value: str, purpose: str) -> str:
        """32 hexadecimal characters that are equal when the values are, and say nothing else."""
        return _digest(self._index[self.index_kid], f"{purpose}\0{value}")

    def blind_indexes(self, value: str, purpose: str) -> list[str]:
        """Under every index key of the ring, for what is compared only and lives for minutes."""
        return [_digest(key, f"{purpose}\0{value}") for key in self._index.values()]

    @contextmanager
    def indexing_with(self, kid: str) -> Iterator[None]:
        """Compute with this index key, whatever is in use; for the one process that changes the index."""
        self._forced = kid
        try:
            yield
        finally:
            self._forced = None

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal characters that say nothing of the keys, and outlive each of them."""
        return self._pinned or _digest(self._index[self._index_current], "fingerprint of the key file\0")

    def check_values(self) -> dict[str, str]:
        """For each key without which something cannot be read: 32 characters by which it is known again."""
        kinds = {"data": self._master, "index": self._index}
        return {
            f"{kind}:{kid}": _digest(key, "check value")
            for kind, keys in kinds.items()
            for kid, key in keys.items()
        }

    @property
    def license_key(self) -> Ed25519PrivateKey:
        return self._license(self.license_kid)

    def _license(self, kid: str) -> Ed25519PrivateKey:
        """Read from its text once for as long as this ring is held: a machine's call asks for it again."""
        if kid not in self._license_keys:
            key = load_pem_private_key(self._license_pems[kid].encode(), None)
            assert isinstance(key, Ed25519PrivateKey)
            self._license_keys[kid] = key
        return self._license_keys[kid]

    @property
    def license_public_keys(self) -> dict[str, str]:
        """All that verify a licence file, or will: 32 bytes in hexadecimal by key id."""
        kept = {kid: self._license(kid).public_key().public_bytes_raw().hex() for kid in self._license_pems}
        return kept | self._license_retired

    def license_key_days(self, kid: str) -> tuple[str | None, str | None]:
        """When a licence key was made and when another one took its place (UTC); None: at set-up, not yet."""
        return self._key_days["added"].get(kid), self._key_days["replaced"].get(kid)


def _digest(key: bytes, message: str) -> str:
    return hmac.new(key, message.encode(), hashlib.sha256).hexdigest()[:32]


class _Held:
    """The ring of a process, with what the file looked like when it was read."""

    def __init__(self, app: Flask) -> None:
        self._folder = Path(app.config["DATA_DIR"])
        self._path = str(self._folder / NAME)
        self._app, self._ring, self._stamp = app, None, None  # type: tuple[Flask, Keyring | None, Any]

    def ring(self) -> Keyring:
        """Read again when it has changed; a file that cannot be read leaves what is known."""
        stamp = self._look()
        if self._ring is None or (stamp is not None and stamp != self._stamp):
            try:
                self._ring = Keyring(read_key_file(self._folder), self._app.extensions["index_in_use"])
                self._stamp = stamp
                _set_session_keys(self._app, self._ring)
            except (OSError, KeyError, ValueError, KeyFileError):
                if self._ring is None:
                    raise
                self._stamp = stamp  # told once
                log.exception("key file unreadable")
        return self._ring

    def _look(self) -> tuple[int, int, int] | None:
        try:
            seen = os.stat(self._path)  # noqa: PTH116  (asked for each sealed value)
        except OSError:
            return None
        return seen.st_mtime_ns, seen.st_ino, seen.st_size


def _set_session_keys(app: Flask, ring: Keyring) -> None:
    """Cookies and the tokens of forms are made with the key in use, and taken with any."""
    app.config["SECRET_KEY"] = ring.session_key
    app.config["SECRET_KEY_FALLBACKS"] = ring.other_session_keys
    app.config["WTF_CSRF_SECRET_KEY"] = [*reversed(ring.other_session_keys), ring.session_key]


def init_app(app: Flask) -> None:
    """A server needs its keys at once; a command may be the one that brings them."""
    app.extensions.setdefault("index_in_use", lambda: None)
    held = app.extensions["keyring"] = _Held(app)
    is_command = os.environ.get("FLASK_RUN_FROM_CLI") == "true"
    if not is_command or (Path(app.config["DATA_DIR"]) / NAME).exists():
        held.ring()

    @app.before_request
    def look_for_new_keys() -> None:
        held.ring()


def keyring() -> Keyring:
    held: _Held = current_app.extensions["keyring"]
    return held.ring()


def token_hash(token: str) -> str:
    """What is stored of a bearer token: SHA-256, hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    """A bearer token of 256 random bits, safe in a URL."""
    return random_source.token_urlsafe(32)


class Sealed:
    """Attribute that is stored encrypted in the column named ``<name>_sealed``.

    With ``indexed=True`` the column ``<name>_index`` holds the blind index, for look-ups by equality.
    """

    def __init__(self, *, indexed: bool = False) -> None:
        self._indexed = indexed

    def index_name(self, name: str) -> str:
        """The column of its blind index, where there is one."""
        return f"{name}_index"

    def digest(self, value: str) -> str:
        """What that column holds for a value."""
        return keyring().blind_index(value, self._name)

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def _context(self, row: Any) -> str:
        return f"{row.__tablename__}.{self._name}:{row.uid}"

    def __get__(self, row: Any, owner: type | None = None) -> Any:
        if row is None:
            return self
        sealed = getattr(row, f"{self._name}_sealed")
        return None if sealed is None else keyring().open(sealed, self._context(row))

    def __set__(self, row: Any, value: str | None) -> None:
        sealed = None if value is None else keyring().seal(value, self._context(row))
        setattr(row, f"{self._name}_sealed", sealed)
        if self._indexed:
            setattr(row, self.index_name(self._name), None if value is None else self.digest(value))
