"""The conversation with the relay: encrypted and checked where it can be, and its own words kept."""

import contextlib
import ipaddress
import mailbox
import smtplib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from flask import current_app

from portal.mail.addresses import own_address
from portal.wording import N_

_OUR_FAULT = {530, 534, 535, 538}  # sign in, or encrypt, first (RFC 4954, RFC 3207): not about one mail
_TOO_LARGE = 552
_GOING_DOWN = 421
_PATIENCE = 10  # times longer for the last answer, while the relay stores and scans the message
_LATER = N_("Le serveur de messagerie demande de réessayer : %(words)s")


class Refusal(Exception):
    """This mail is refused for good; the text says by whose words."""


class Away(Exception):
    """It could not be handed over now; the text says why.

    for_all: the relay itself is at fault, not what it thinks of one mail.
    in_content: the conversation broke while the message travelled, which the message may have caused.
    """

    def __init__(self, reason: str, *, for_all: bool, in_content: bool = False) -> None:
        super().__init__(reason)
        self.for_all, self.in_content = for_all, in_content


@dataclass(frozen=True, slots=True)
class Relay:
    """What ``SMTP_URL`` says: ``smtp://`` or ``smtps://``, user and password, ``?tls=0`` or ``?tls=1``."""

    is_smtps: bool
    host: str
    port: int
    user: str
    password: str
    tls: str  # "1": STARTTLS or nothing; "0": never; "": where the relay offers it

    @property
    def is_here(self) -> bool:
        """What is said to this machine itself is heard by nobody else."""
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(self.host).is_loopback
        return self.host == "localhost"


def find_relay() -> Relay | None:
    """The relay of the settings; None for the Maildir of the demonstration, the tests, or ``maildir:``.

    Raises Away where the setting is missing or cannot be read: nothing is sent to nowhere.
    """
    config = current_app.config
    url = str(config["SMTP_URL"])
    if url == "maildir:" or (not url and (config["DEMO"] or config["TESTING"])):
        return None
    if not url:
        raise Away(
            N_("Aucun serveur de messagerie n'est réglé (SMTP_URL) : les messages attendent."), for_all=True
        )
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        port, host = None, None
    if host is None or parts.scheme not in {"smtp", "smtps"}:
        raise Away(N_("Le réglage SMTP_URL ne se lit pas : les messages attendent."), for_all=True)
    is_smtps = parts.scheme == "smtps"
    return Relay(
        is_smtps=is_smtps,
        host=host,
        port=port or (465 if is_smtps else 25),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=parse_qs(parts.query).get("tls", [""])[0],
    )


def deliver(message: EmailMessage, to: Address) -> str:
    """Hand over to the relay or the Maildir; returns the last answer, code and text.

    Raises Refusal when this mail will never be taken, Away when it may be later.
    """
    relay = find_relay()
    if relay is None:
        box = mailbox.Maildir(Path(current_app.config["DATA_DIR"]) / "mailbox")
        box.add(message)
        return N_("déposé dans la boîte locale")
    with _connected(relay) as server:
        return _hand_over(server, message, to)


@contextlib.contextmanager
def _connected(relay: Relay) -> Iterator[smtplib.SMTP]:
    """A conversation that has begun: encrypted and signed in as the settings ask.

    How it ends changes nothing: what was taken over stays so.
    """
    seconds = float(current_app.config["SMTP_SECONDS"])
    own_host = _greeting_name()
    with _faults():
        server: smtplib.SMTP
        if relay.is_smtps:
            checking = ssl.create_default_context()
            server = smtplib.SMTP_SSL(relay.host, relay.port, own_host, timeout=seconds, context=checking)
        else:
            server = smtplib.SMTP(relay.host, relay.port, own_host, timeout=seconds)
    try:
        with _faults():
            _encrypt(server, relay)
            if relay.user:
                server.login(relay.user, relay.password)
        yield server
    finally:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            if server.sock is not None:
                server.sock.settimeout(min(seconds, 2))
            server.quit()
        server.close()


def _greeting_name() -> str:
    """How we present ourselves: never by a look-up, which may take minutes where there is no resolver."""
    host = urlsplit(str(current_app.config["PUBLIC_URL"])).hostname or "localhost"
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
        return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"
    return host


def _encrypt(server: smtplib.SMTP, relay: Relay) -> None:
    if relay.is_smtps:
        return
    server.ehlo_or_helo_if_needed()
    is_offered = server.has_extn("starttls")
    if relay.tls == "1" and not is_offered:
        raise Away(N_("Le serveur de messagerie n'offre pas de connexion chiffrée (STARTTLS)."), for_all=True)
    if is_offered and relay.tls != "0":
        code, words = server.starttls(context=ssl.create_default_context())
        if code != 220:
            raise smtplib.SMTPResponseException(code, words)
    elif relay.user and relay.tls != "0" and not relay.is_here:
        raise Away(N_("Le mot de passe de messagerie ne part pas sur une connexion en clair."), for_all=True)


def _hand_over(server: smtplib.SMTP, message: EmailMessage, to: Address) -> str:
    options: list[str] = []
    own = own_address()
    with _faults():
        server.ehlo_or_helo_if_needed()
    if not (to.addr_spec.isascii() and own.addr_spec.isascii()):
        if not server.has_extn("smtputf8"):
            raise Refusal(
                N_("L'adresse contient des lettres accentuées, que le serveur de messagerie n'accepte pas.")
            )
        options += ["SMTPUTF8", "BODY=8BITMIME"]
    content = message.as_bytes(policy=SMTPUTF8 if options else SMTP)
    if server.has_extn("size"):
        options.append(f"SIZE={len(content)}")
    with _faults():
        code, words = server.mail(own.addr_spec, options)
        _check_sender(code, _said(code, words))
        _checked(*server.rcpt(to.addr_spec))
    with _faults(in_content=True):
        if server.sock is not None:
            server.sock.settimeout(_PATIENCE * float(current_app.config["SMTP_SECONDS"]))
        try:
            code, words = server.data(content)
        except smtplib.SMTPDataError as error:  # it does not even want to hear it
            return _checked(error.smtp_code, error.smtp_error)
        return _checked(code, words)


def _check_sender(code: int, said: str) -> None:
    """What a relay says of the sender it would say to every mail, except that one is too large."""
    if code // 100 == 2:
        return
    if code == _TOO_LARGE:
        raise Refusal(said)
    if code // 100 == 5:
        template = N_("Le serveur de messagerie refuse notre adresse d'expéditeur : %(words)s")
    else:
        template = _LATER
    raise Away(template % {"words": said}, for_all=True)


def _checked(code: int, words: bytes | str) -> str:
    """What the relay said of the recipient or the content, when it agrees."""
    said = _said(code, words)
    if code // 100 == 2:
        return said
    if code // 100 == 5 and code not in _OUR_FAULT:
        raise Refusal(said)
    raise Away(_LATER % {"words": said}, for_all=code in _OUR_FAULT or code == _GOING_DOWN or code < 400)


@contextlib.contextmanager
def _faults(*, in_content: bool = False) -> Iterator[None]:
    """Everything that can break a conversation, as Away with a sentence."""
    try:
        yield
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        template, words = _fault(error)
        raise Away(template % {"words": words}, for_all=True, in_content=in_content) from error


def _fault(error: Exception) -> tuple[str, str]:
    match error:
        case smtplib.SMTPAuthenticationError():
            template = N_("Le serveur de messagerie refuse notre identifiant : %(words)s")
            return template, _said(error.smtp_code, error.smtp_error)
        case smtplib.SMTPResponseException():
            template = N_("Le serveur de messagerie ne peut pas nous répondre maintenant : %(words)s")
            return template, _said(error.smtp_code, error.smtp_error)
        case smtplib.SMTPServerDisconnected():
            return N_("Le serveur de messagerie a coupé la connexion : %(words)s"), str(error)
        case ssl.SSLCertVerificationError():
            return N_("Le certificat du serveur de messagerie n'est pas valable : %(words)s"), (
                error.verify_message
            )
        case ssl.SSLError():
            return N_("La connexion chiffrée au serveur de messagerie échoue : %(words)s"), str(error.reason)
        case TimeoutError():
            return N_("Le serveur de messagerie ne répond pas à temps : %(words)s"), str(error)
        case socket.gaierror():
            return N_("Le nom du serveur de messagerie est inconnu : %(words)s"), str(error.strerror)
        case OSError():
            return N_("Le serveur de messagerie est injoignable : %(words)s"), error.strerror or str(error)
    return N_("Le serveur de messagerie ne peut pas nous répondre maintenant : %(words)s"), str(error)


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())}"[:300]
