"""How a mandate comes signed from elsewhere, and what stops it: for a while, or for good."""

from datetime import date
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.actor import Actor
from portal.blobs import Document
from portal.links import Purpose, revoke_links
from portal.sepa.models.event import What


class Holdable:
    """Suspension and stop of a mandate; ``reason`` is a code of the bank or a sentence."""

    suspended_on: Mapped[date | None] = mapped_column()
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

    def sign_on_paper(self: Any, scan: Document, *, on: date, by: Actor) -> None:
        """Signed by hand on ``on``; the scan is the mandate, and the link sent before is dead."""
        mandate: Any = self
        mandate._take("sign", by=by, paper=on.isoformat())
        mandate.signed_on, mandate.document, mandate.shown_sha256 = on, scan, None
        revoke_links(Purpose.SIGN_MANDATE, self)
        self.note(
            What.PAPER_SIGNED,
            by=by.label,
            signed_on=on.isoformat(),
            scan_sha256=scan.sha256,
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
