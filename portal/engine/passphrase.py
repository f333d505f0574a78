"""The customer's passphrase, held so that it can be used and then overwritten, never shown."""

import os
from collections.abc import Callable
from typing import NoReturn

from portal.engine.errors import EngineError, EngineFault

MAX_BYTES = 1_024


class Passphrase:
    """A secret in a bytearray: no text in repr, log or pickle; :meth:`wipe` overwrites it.

    The bytearray given becomes the property of this object. restic trims blanks around what it
    reads from ``--password-file``, so they never count.
    Raises EngineError(WRONG_KEY) when empty, longer than 1024 bytes or on several lines.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: bytearray | bytes | str) -> None:
        if isinstance(secret, str):
            secret = secret.encode()
        self._secret = secret if isinstance(secret, bytearray) else bytearray(secret)
        if not self._secret.strip() or len(self._secret) > MAX_BYTES or b"\n" in self._secret:
            self.wipe()
            raise EngineError(EngineFault.WRONG_KEY)

    def __len__(self) -> int:
        return len(self._secret)

    def __repr__(self) -> str:
        return "Passphrase(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a passphrase is not serialised")

    def write_to(self, descriptor: int) -> None:
        """Write the secret to a file descriptor. Raises EngineError(KEY_GONE) once wiped."""
        self.view_into(lambda view: os.write(descriptor, view))

    def view_into(self, use: Callable[[memoryview], object]) -> None:
        """Lend the bytes to ``use`` without copying them."""
        if not self._secret:
            raise EngineError(EngineFault.KEY_GONE)
        with memoryview(self._secret) as view:
            use(view)

    def wipe(self) -> None:
        """Overwrite, then forget. Copies made by the interpreter or by restic are out of reach."""
        for index in range(len(self._secret)):
            self._secret[index] = 0
        self._secret.clear()
