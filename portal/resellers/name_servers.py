"""Asking name servers: what a domain publishes, or that nobody answers."""

from dataclasses import dataclass
from typing import Any, Protocol

import dns.exception
import dns.resolver
from flask import current_app

from portal.resellers.sender_rules import Published, Wanted

_SECONDS = 5.0  # for all that is asked about one name


class NoAnswer(Exception):
    """No name server answered, or they could not find out: nothing is known."""


class Resolver(Protocol):
    """What is asked of the DNS; both raise :class:`NoAnswer`."""

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name, each as one text; none where it has none."""

    def target(self, name: str) -> str:
        """Where the name points (CNAME), without the dot at its end; "" where it does not."""


@dataclass(frozen=True, slots=True)
class NameServers:
    """The name servers of ``DNS_SERVERS``, as ``192.0.2.1`` or ``192.0.2.1:5353``; "": the machine's own."""

    servers: tuple[str, ...] = ()

    def texts(self, name: str) -> list[str]:
        return [b"".join(row.strings).decode("utf-8", "replace") for row in self._ask(name, "TXT")]

    def target(self, name: str) -> str:
        return next((row.target.to_text(omit_final_dot=True) for row in self._ask(name, "CNAME")), "")

    def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            answer = self._resolver().resolve(name, kind, search=False, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return []
        except (dns.exception.DNSException, OSError) as error:
            raise NoAnswer(str(error)) from error
        return list(answer.rrset or ())

    def _resolver(self) -> dns.resolver.Resolver:
        asked = dns.resolver.Resolver(configure=not self.servers)
        asked.lifetime, asked.timeout = _SECONDS, _SECONDS / 2
        if self.servers:
            parts = [
                server.rpartition(":") if ":" in server else (server, "", "53") for server in self.servers
            ]
            asked.nameservers = [host for host, _colon, _port in parts]
            asked.nameserver_ports = {host: int(port) for host, _colon, port in parts}
        return asked


def resolver() -> Resolver:
    return NameServers(tuple(str(current_app.config["DNS_SERVERS"]).split()))


def look_up(wanted: Wanted, ask: Resolver) -> Published:
    """All that :func:`portal.resellers.sender_rules.missing` judges. Raises :class:`NoAnswer`."""
    return Published(
        texts=ask.texts(wanted.domain) if wanted.spf_include else (),
        keys=() if wanted.target else ask.texts(wanted.key_name),
        target=ask.target(wanted.key_name) if wanted.target else "",
        proofs=ask.texts(wanted.proof_name),
    )
