"""How a mandate comes signed from elsewhere, and what stops it: for a while, or for good."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.accounts.models import is_same_person
from portal.actor import Actor
from portal.blobs import Document
from portal.errors import Refused
from portal.links import Purpose, revoke_links
from portal.sepa.models.event import What


class Holdable:
    """Suspension and stop of a mandate; ``reason`` is a code of the bank or a sentence."""

    suspended_on: Mapped[date | None] = mapped_column()
    paper_signed_on: Mapped[date | None] = mapped_column()  # as one person read it on the paper
    paper_entered_by_id: Mapped[int | None] = mapped_column()  # of user_account; another one agrees
    hold_reason: Mapped[str | None] = mapped_column(String(300))  # of the suspension or the stop

    def take_over(self: Any, *, source: str, line: int, by: Actor) -> None:
        """Signed in another system; ``source`` is the SHA-256 of the file that says so."""
        self._take("import", by=by, line=line)
        self.note(
            What.IMPORTED,
            by=by.label,
            file_sha256=source,
            line=line,
            iban=str(self.iban_masked),
            iban_index=str(self.iban_index),
            holder=self.debtor_name,
            signed_on=self.signed_on.isoformat(),
        )

    def enter_paper(self: Any, scan: Document, *, on: date, by: Actor) -> None:
        """Signed by hand on ``on``, as one person reads it; the link that was sent is dead."""
        self._take("enter_paper", by=by, paper=on.isoformat())
        self.paper_signed_on, self.paper_entered_by_id = on, by.id
        mandate: Any = self
        mandate.document, mandate.shown_sha256 = scan, None
        revoke_links(Purpose.SIGN_MANDATE, self)
        self._note_paper(What.PAPER_ENTERED, by)

    def agree_to_paper(self: Any, *, by: Actor) -> None:
        """Signed on the day that the paper says, once another person than who typed it has agreed.

        Raises Refused for the same person.
        """
        if is_same_person(by, self.paper_entered_by_id):
            raise Refused(_("Vous avez saisi ce papier : une deuxième personne doit le relire."))
        self._take("agree_to_paper", by=by)
        mandate: Any = self
        mandate.signed_on = self.paper_signed_on
        self._note_paper(What.PAPER_SIGNED, by)

    def return_paper(self: Any, reason: str, *, by: Actor) -> None:
        """The paper does not say so: the mandate waits for a signature as before, without an account."""
        self._take("return_paper", by=by, reason=reason)
        self._note_paper(What.PAPER_RETURNED, by)
        mandate: Any = self
        mandate.iban = mandate.iban_masked = mandate.document = None
        mandate.signer_name = mandate.signer_role = None
        self.paper_signed_on = self.paper_entered_by_id = None

    def _note_paper(self: Any, what: What, by: Actor) -> None:
        self.note(
            what,
            by=by.label,
            signed_on=self.paper_signed_on.isoformat(),
            scan_sha256=self.document.sha256,
            iban=str(self.iban_masked),
            iban_index=str(self.iban_index),
            holder=self.debtor_name,
            signer=str(self.signer_name),
            role=str(self.signer_role),
        )

    def suspend(self: Any, reason: str, *, by: Actor) -> None:
        """No debit rests on it until ``resume``; suspended again, the latest reason counts.

        Raises IllegalStep unless it is signed: ask ``can("suspend")`` where that is not sure.
        """
        self._take("suspend", by=by, reason=reason)
        self.suspended_on, self.hold_reason = clock.today(), reason[:300]

    def resume(self: Any, *, by: Actor) -> None:
        self._take("resume", by=by)
        self.suspended_on = self.hold_reason = None

    def stop(self: Any, reason: str, *, by: Actor) -> None:
        """Revoked at once, without notice: contested, or the debtor has died (MD01, MD07)."""
        self._take("stop", by=by, reason=reason)
        today = clock.today()
        self.revocation_received_on = self.revocation_received_on or today
        self.revoked_on = min(self.revoked_on or today, today)
        self.suspended_on, self.hold_reason = None, reason[:300]
