"""A mail relay that can be told to fail: a real SMTP conversation, with or without TLS."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class _Answers:
    """What the relay says. An object of its own: the library reads every attribute of it at each call."""

    def __init__(self, relay: "Relay") -> None:
        self._relay = relay

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self._relay.sender

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await asyncio.sleep(self._relay.sleeps)
        envelope.rcpt_tos.append(address)
        return self._relay.to.get(address, "250 2.1.5 Ok")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if envelope.rcpt_tos[0] in self._relay.drops:
            assert server.transport is not None
            server.transport.abort()
        elif self._relay.answer.startswith("2"):
            self._relay.received.append(envelope)
        return self._relay.answer


class Relay:
    """What it received, in order, and what it answers: ``to["a@b.example"]`` for one recipient.

    drops: cut the connection during the content; sleeps: seconds before it answers a recipient.
    """

    def __init__(self, port: int, **options: Any) -> None:
        self.port, self.options = port, options
        self.received: list[Envelope] = []
        self.signed_in: list[str] = []
        self.sender = self.answer = "250 2.0.0 Ok: queued as 4F1A2"
        self.to: dict[str, str] = {}
        self.drops: set[str] = set()
        self.sleeps = 0.0
        self._controller: Controller | None = None

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, how: str, data: Any
    ) -> AuthResult:
        self.signed_in.append(data.login.decode())
        return AuthResult(success=data.password == b"right", handled=False)

    @property
    def recipients(self) -> list[str]:
        return [envelope.rcpt_tos[0] for envelope in self.received]

    @property
    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(e.content, policy=modern) for e in self.received]  # type: ignore[misc,arg-type]

    def start(self) -> None:
        self._controller = Controller(
            _Answers(self),
            hostname="127.0.0.1",
            port=self.port,
            authenticator=self.authenticate,
            **self.options,
        )
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None


@contextmanager
def a_relay(**options: Any) -> Iterator[Relay]:
    """A relay that listens, on a port that stays its own when it is stopped and started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        relay = Relay(probe.getsockname()[1], **options)
    relay.start()
    try:
        yield relay
    finally:
        relay.stop()


def a_certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """A server's context with a certificate that it signed for ``name``, and the certificate's file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    alternative: x509.GeneralName = (
        x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public_file, both = folder / f"{name}.pem", folder / f"{name}.key.pem"
    public_file.write_bytes(pem)
    both.write_bytes(private + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context, public_file
