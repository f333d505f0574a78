"""A name server on this machine, over UDP: it answers what it was given, says that a name is not there, or
stays silent.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = dict[tuple[str, str], list[str]]


@dataclass
class NameServer:
    """zone: the values by name and type, as a zone file writes them; asked: what came in.

    is_silent: no question gets an answer; is_broken: each gets SERVFAIL.
    """

    port: int
    zone: Zone = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    is_silent: bool = False
    is_broken: bool = False

    @property
    def setting(self) -> str:
        return f"127.0.0.1:{self.port}"

    def answer(self, wire: bytes) -> bytes | None:
        query = dns.message.from_wire(wire)
        (question,) = query.question
        name, kind = (
            question.name.to_text(omit_final_dot=True).lower(),
            dns.rdatatype.to_text(question.rdtype),
        )
        self.asked.append((name, kind))
        if self.is_silent:
            return None
        found = dns.message.make_response(query)
        found.flags |= dns.flags.RA
        if self.is_broken:
            found.set_rcode(dns.rcode.SERVFAIL)
        elif values := self.zone.get((name, kind)):
            found.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *values))
        elif name not in {known for known, _kind in self.zone}:
            found.set_rcode(dns.rcode.NXDOMAIN)
        return found.to_wire()


@contextmanager
def a_name_server() -> Iterator[NameServer]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(("127.0.0.1", 0))
        server = NameServer(door.getsockname()[1])
        thread = threading.Thread(target=_serve, args=(door, server), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", door.getsockname())  # the sign to stop
            thread.join(5)


def _serve(door: socket.socket, server: NameServer) -> None:
    while True:
        wire, whence = door.recvfrom(4096)
        if not wire:
            return
        if (answer := server.answer(wire)) is not None:
            door.sendto(answer, whence)
