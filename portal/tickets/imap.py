"""The mailbox of tickets as an IMAP server holds it (RFC 9051): what waits, and what was done with it."""

import contextlib
import imaplib
import ipaddress
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from flask import current_app
from imap_tools import (
    BaseMailBox,
    ImapToolsError,
    MailBox,
    MailboxFetchError,
    MailBoxStartTls,
    MailBoxUnencrypted,
    MailMessageFlags,
)
from imap_tools.utils import check_command_status

from portal.crypto.secret_files import secret_of
from portal.wording import N_, Sentence

PASSWORD = "IMAP_PASSWORD"  # noqa: S105 - the name of a setting
_PORTS = {"imaps": 993, "imap": 143}
FAULTS = (imaplib.IMAP4.error, ImapToolsError, OSError)


class MailboxAway(Exception):
    """The mailbox cannot be read now; the text says why."""


@dataclass(frozen=True, slots=True)
class Account:
    """What ``IMAP_URL`` says: ``imaps://user@host:993/folder``; ``imap://`` asks for STARTTLS."""

    is_imaps: bool
    host: str
    port: int
    user: str
    folder: str
    is_plain: bool  # ?tls=0: no STARTTLS

    @property
    def is_here(self) -> bool:
        """What is said to this machine itself is heard by nobody else."""
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(self.host).is_loopback
        return self.host == "localhost"


def read_url(url: str) -> Account | None:
    """None for what is no address of a mailbox."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or not parts.username:
        return None
    folder = unquote(parts.path.strip("/")) or "INBOX"
    is_plain = parse_qs(parts.query).get("tls") == ["0"]
    return Account(
        parts.scheme == "imaps", parts.hostname, port, unquote(parts.username), folder, is_plain=is_plain
    )


@contextlib.contextmanager
def opened() -> Iterator["Folder"]:
    """The folder of the settings, signed in; raises MailboxAway for a server that is down or refuses."""
    account = read_url(str(current_app.config["IMAP_URL"]))
    if account is None:
        raise MailboxAway(N_("L'adresse de la boîte (IMAP_URL) ne se lit pas."))
    try:
        password = secret_of(current_app.config, PASSWORD)
    except (OSError, ValueError):
        raise MailboxAway(N_("Le mot de passe de la boîte (IMAP_PASSWORD_FILE) ne se lit pas.")) from None
    try:
        with contextlib.closing(_Line(_connect(account))) as line:
            sign_in = line.box.login if password.isascii() else line.box.login_utf8
            sign_in(account.user, password, account.folder)
            yield Folder(line.box, str(current_app.config["IMAP_DONE"]))
            line.box.logout()
    except FAULTS as fault:
        raise MailboxAway(_said(fault)) from fault


@dataclass(frozen=True, slots=True)
class _Line:
    """A connection that is closed whatever was said on it."""

    box: BaseMailBox

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.box.client.shutdown()


def _connect(account: Account) -> BaseMailBox:
    patience = float(current_app.config["IMAP_SECONDS"])
    context = ssl.create_default_context()
    if account.is_imaps:
        return MailBox(account.host, account.port, timeout=patience, ssl_context=context)
    if account.is_plain or account.is_here:
        return MailBoxUnencrypted(account.host, account.port, timeout=patience)
    return MailBoxStartTls(account.host, account.port, timeout=patience, ssl_context=context)


def _said(fault: Exception) -> str:
    words = str(fault) or type(fault).__name__
    return str(Sentence(N_("Le serveur de la boîte ne répond pas : %(words)s"), {"words": words[:200]}))


class Folder:
    """Messages that nobody has dealt with, by their UID; each is settled once it is kept.

    With a folder for what is done, whatever is not flagged waits; without one, whatever is not seen.
    """

    def __init__(self, box: BaseMailBox, done: str) -> None:
        self._box, self._done = box, done

    def waiting(self) -> list[str]:
        return list(self._box.uids("UNFLAGGED" if self._done else "UNSEEN UNFLAGGED"))

    def left_aside(self) -> int:
        """How many are flagged for a person to read."""
        return len(self._box.uids("FLAGGED"))

    def size(self, uid: str) -> int:
        """Bytes, before anything is fetched; 0 for a message that is gone."""
        return int(next(iter(self._answers(uid, "(RFC822.SIZE)", b"RFC822.SIZE")), 0))

    def content(self, uid: str) -> bytes:
        """As it was received, and not marked as read; b"" for a message that is gone."""
        for part in self._fetch(uid, "(BODY.PEEK[])"):
            if isinstance(part, tuple):
                return bytes(part[1])
        return b""

    def settle(self, uid: str) -> None:
        """It is kept, or was known: out of the way."""
        self._box.flag(uid, MailMessageFlags.SEEN, True)
        if self._done:
            self._box.move(uid, self._done)

    def set_aside(self, uid: str) -> None:
        """No ticket came of it: it stays where it is, flagged, for a person to read."""
        self._box.flag(uid, (MailMessageFlags.SEEN, MailMessageFlags.FLAGGED), True)

    def _fetch(self, uid: str, what: str) -> list[Any]:
        answer = self._box.client.uid("FETCH", uid, what)
        check_command_status(answer, MailboxFetchError)
        return [part for part in answer[1] if part is not None]

    def _answers(self, uid: str, what: str, name: bytes) -> Iterator[bytes]:
        for part in self._fetch(uid, what):
            line = part[0] if isinstance(part, tuple) else part
            words = line.replace(b"(", b" ").replace(b")", b" ").split()
            if name in words[:-1]:
                yield words[words.index(name) + 1]
