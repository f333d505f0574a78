"""The chain of events of a mandate: what happened around its signature, each hanging on the one before."""

from hashlib import sha256
from typing import Any

from flask_babel import gettext as _

from portal import clock, evidence
from portal.canonical import canonical_json
from portal.errors import Refused
from portal.sepa.models.event import MandateEvent, What

_MAX_EVENTS = 300  # a link that somebody hammers fills no disk


class Evidenced:
    """A mandate's evidence file (dossier de preuve), as a chain whose head stands on the mandate."""

    @property
    def envelope(self: Any) -> str:
        """What the first event hangs on."""
        content = {"mandate": self.uid, "rum": self.rum, "ics": self.legal_entity.ics}
        return sha256(canonical_json(content)).hexdigest()

    def note(self: Any, what: What, visitor: dict[str, str] | None = None, **details: str | int) -> None:
        """Add an event to the chain; ``visitor`` says from where the signer acted."""
        if self.evidence_length >= _MAX_EVENTS:
            raise Refused(_("Trop d'actions avec ce lien. Demandez-en un nouveau à votre interlocuteur."))
        at = clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        event = {"at": at, "what": what.value, **(visitor or {}), **details}
        head = evidence.append(self.evidence_head, event)
        self.evidence_length += 1
        self.events.append(
            MandateEvent(
                organisation=self.customer.organisation,
                seq=self.evidence_length,
                event=event,
                previous_hash=self.evidence_head,
                hash=head,
            )
        )
        self.evidence_head = head

    def broken_link(self: Any) -> int | None:
        """Number of the first event that does not hold; None when the whole chain does."""
        links = [row.link for row in self.events]
        index = evidence.verify(links, first=self.envelope, head=self.evidence_head)
        return None if index is None else index + 1
