"""Passphrases in the memory of one process, so that a killed worker can be started again.

Like ssh-agent: ``python -m portal.engine.key_agent --socket PATH``. Nothing touches the disk.
Only processes of the same user are answered, and the client checks who answers it.

A request is one header (magic, command, ttl in seconds, length of name, length of secret), the
name and the secret; a reply is one byte and, for ``get`` and ``point``, a length and the bytes.
A passphrase that a browser sends comes sealed for a key of the agent's own (portal.engine.browser_seal).
"""

import argparse
import ctypes
import os
import resource
import signal
import socket
import struct
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import BoundedSemaphore, Lock, Thread

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from portal.engine.browser_seal import OVERHEAD_BYTES, new_key, public_point, unseal
from portal.engine.errors import EngineError, EngineFault
from portal.engine.passphrase import MAX_BYTES, Passphrase

PUT, GET, FORGET, PING, POINT, PUT_SEALED = b"P", b"G", b"F", b"?", b"K", b"S"
OK, ABSENT, REFUSED = b"+", b"-", b"!"
NAME_BYTES = 200
MAX_ENTRIES = 1_000
MAX_TTL_SECONDS = 7 * 24 * 3600
PEER_SECONDS = 2.0  # a client that stalls is dropped
PATIENCE_SECONDS = 15.0  # of a client: the machine may be busy, and a key is not called gone for that
SWEEP_SECONDS = 0.5
AT_ONCE = 32  # connections; one more waits to be accepted
_REQUEST = struct.Struct(">4scIHH")
_LENGTH = struct.Struct(">H")
_MAGIC = b"PKA1"
_PR_SET_DUMPABLE = 4


@dataclass
class KeyAgent:
    """Client. Every method but ``alive`` raises EngineError(KEY_GONE) when no agent answers."""

    socket_path: Path

    def put(self, name: str, passphrase: Passphrase, ttl_seconds: int) -> None:
        """Lend a copy for ``ttl_seconds`` (at most 7 days); the caller still wipes its own."""
        with self._connect() as link:
            raw = name.encode()
            link.sendall(_REQUEST.pack(_MAGIC, PUT, ttl_seconds, len(raw), len(passphrase)) + raw)
            passphrase.view_into(link.sendall)
            _expect_ok(link)

    def point(self, name: str, ttl_seconds: int) -> bytes:
        """The public point for which a browser seals the passphrase of this name; the same until it ends."""
        with self._connect() as link:
            raw = name.encode()
            link.sendall(_REQUEST.pack(_MAGIC, POINT, ttl_seconds, len(raw), 0) + raw)
            _expect_ok(link)
            (length,) = _LENGTH.unpack(_receive(link, _LENGTH.size))
            return bytes(_receive(link, length))

    def put_sealed(self, name: str, sealed: bytes, ttl_seconds: int) -> None:
        """Hand over what the browser sealed for :meth:`point`; only the agent reads it.

        Raises EngineError(WRONG_KEY) when it was made for another key or is no passphrase.
        """
        with self._connect() as link:
            raw = name.encode()
            head = _REQUEST.pack(_MAGIC, PUT_SEALED, ttl_seconds, len(raw), len(sealed))
            link.sendall(head + raw + sealed)
            if bytes(_receive(link, 1)) != OK:
                raise EngineError(EngineFault.WRONG_KEY)

    def get(self, name: str) -> Passphrase:
        """A copy of the passphrase. Raises EngineError(KEY_GONE) when absent or expired."""
        with self._connect() as link:
            _ask(link, GET, name)
            _expect_ok(link)
            (length,) = _LENGTH.unpack(_receive(link, _LENGTH.size))
            return Passphrase(_receive(link, length))

    def forget(self, name: str) -> None:
        """Zero and drop; no error when it is not there."""
        with self._connect() as link:
            _ask(link, FORGET, name)
            _receive(link, 1)

    def alive(self) -> bool:
        try:
            with self._connect() as link:
                _ask(link, PING, "")
                return bytes(_receive(link, 1)) == OK
        except EngineError:
            return False

    def _connect(self) -> "_Link":
        return _Link(self.socket_path)


class _Link(socket.socket):
    """A connection whose every failure means that the key is gone."""

    def __init__(self, path: Path) -> None:
        super().__init__(socket.AF_UNIX, socket.SOCK_STREAM)
        self.settimeout(PATIENCE_SECONDS)
        try:
            self._call(str(path))
            if _peer_uid(self) != os.getuid():
                raise PermissionError
        except OSError as error:
            self.close()
            raise EngineError(EngineFault.KEY_GONE) from error

    def _call(self, path: str) -> None:
        """Connect; where too many wait to be accepted the system says so at once, and one asks again."""
        last = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return self.connect(path)
            except BlockingIOError:
                if time.monotonic() > last:
                    raise
                time.sleep(0.02)

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        if isinstance(exception[1], OSError):
            raise EngineError(EngineFault.KEY_GONE) from exception[1]


@dataclass
class _Server:
    """One request per connection; each is read by a thread of its own, and acted on one after the other."""

    held: dict[bytes, tuple[bytearray, float]] = field(default_factory=dict)
    keys: dict[bytes, tuple[EllipticCurvePrivateKey, float]] = field(default_factory=dict)
    _acting: Lock = field(default_factory=Lock)
    _places: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(AT_ONCE))

    def serve(self, listener: socket.socket) -> None:
        listener.settimeout(SWEEP_SECONDS)
        while True:
            with self._acting:
                self._sweep()
            with suppress(TimeoutError, ConnectionError):
                peer, _ = listener.accept()
                self._places.acquire()  # given back within PEER_SECONDS for each part of a request
                Thread(target=self._converse, args=(peer,), daemon=True).start()

    def forget(self, name: bytes) -> bool:
        secret, _ = self.held.pop(name, (bytearray(), 0.0))
        known = bool(secret)
        _zero(secret)
        return known

    def forget_all(self) -> None:
        with self._acting:
            for name in list(self.held):
                self.forget(name)

    def _converse(self, peer: socket.socket) -> None:
        try:
            with closing(peer), suppress(OSError, struct.error):
                peer.settimeout(PEER_SECONDS)
                if _peer_uid(peer) == os.getuid():
                    self._answer(peer)
        finally:
            self._places.release()

    def _answer(self, peer: socket.socket) -> None:
        header = _REQUEST.unpack(_receive(peer, _REQUEST.size))
        magic, command, ttl, name_length, secret_length = header
        if magic != _MAGIC or name_length > NAME_BYTES or secret_length > MAX_BYTES + OVERHEAD_BYTES:
            peer.sendall(REFUSED)
            return
        name, secret = bytes(_receive(peer, name_length)), _receive(peer, secret_length)
        with self._acting:
            self._sweep()
            reply = self._reply(command, name, secret, ttl)
        try:
            peer.sendall(reply)
        finally:
            _zero(reply)

    def _reply(self, command: bytes, name: bytes, secret: bytearray, ttl: int) -> bytearray:
        """Do what is asked and say what came of it; the answer may hold a passphrase: zero it once sent."""
        if command == PUT_SEALED:
            command, secret = PUT, self._unseal(name, secret)
        if command == PUT:
            return bytearray(OK if self._keep(name, secret, ttl) else REFUSED)
        if command == POINT and 0 < ttl <= MAX_TTL_SECONDS and len(self.keys) < MAX_ENTRIES:
            key, _ = self.keys.setdefault(name, (new_key(), time.monotonic() + ttl))
            return _told(public_point(key))
        if command == GET and name in self.held:
            return _told(self.held[name][0])
        if command == FORGET:
            return bytearray(OK if self.forget(name) else ABSENT)
        return bytearray(OK if command == PING else ABSENT)

    def _keep(self, name: bytes, secret: bytearray, ttl: int) -> bool:
        full = len(self.held) >= MAX_ENTRIES and name not in self.held
        if full or not 0 < len(secret) <= MAX_BYTES or b"\n" in secret or not 0 < ttl <= MAX_TTL_SECONDS:
            _zero(secret)
            return False
        self.forget(name)
        self.held[name] = (secret, time.monotonic() + ttl)
        return True

    def _unseal(self, name: bytes, sealed: bytearray) -> bytearray:
        """The passphrase, or nothing when it was not sealed for the key of this name."""
        key, _ = self.keys.get(name, (None, 0.0))
        if key is not None:
            with suppress(EngineError, UnicodeDecodeError):
                return unseal(key, name.decode(), bytes(sealed))
        return bytearray()

    def _sweep(self) -> None:
        now = time.monotonic()
        for name in [name for name, (_, end) in self.keys.items() if end <= now]:
            del self.keys[name]
        for name in [name for name, (_, end) in self.held.items() if end <= now]:
            self.forget(name)


def _ask(link: socket.socket, command: bytes, name: str) -> None:
    raw = name.encode()
    link.sendall(_REQUEST.pack(_MAGIC, command, 0, len(raw), 0) + raw)


def _told(content: bytes | bytearray) -> bytearray:
    """Written once, into the array that will be zeroed: growing would leave copies behind."""
    head = OK + _LENGTH.pack(len(content))
    whole = bytearray(len(head) + len(content))
    whole[: len(head)] = head
    whole[len(head) :] = content
    return whole


def _expect_ok(link: socket.socket) -> None:
    if bytes(_receive(link, 1)) != OK:
        raise EngineError(EngineFault.KEY_GONE)


def _receive(link: socket.socket, size: int) -> bytearray:
    """Exactly ``size`` bytes, straight into the array that will be zeroed."""
    data = bytearray(size)
    with memoryview(data) as view:
        got = 0
        while got < size:
            count = link.recv_into(view[got:])
            if not count:
                raise ConnectionError
            got += count
    return data


def _zero(secret: bytearray) -> None:
    for index in range(len(secret)):
        secret[index] = 0


def _peer_uid(link: socket.socket) -> int:
    packed = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", packed)[1])


def _harden() -> None:
    """No core file, no ptrace, no reading of /proc/PID/mem by other processes of the user."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _stop(_number: int, _frame: object) -> None:
    raise SystemExit(0)


def main() -> None:
    parser = argparse.ArgumentParser(prog="portal.engine.key_agent", description=__doc__)
    parser.add_argument("--socket", type=Path, required=True)
    path: Path = parser.parse_args().socket
    _harden()
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    if KeyAgent(path).alive():
        raise SystemExit("a key agent already listens there")
    path.unlink(missing_ok=True)  # left by an agent that was killed
    os.umask(0o177)
    server = _Server()
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as listener:
        listener.bind(str(path))
        listener.listen(AT_ONCE)
        try:
            server.serve(listener)
        finally:
            server.forget_all()
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
