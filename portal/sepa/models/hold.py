"""What stops a signed mandate: for a while, or for good."""

from datetime import date
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock

# Return codes of the account itself: a new account confirmed by the debtor settles the matter.
ACCOUNT_CODES = {"AC01", "AC04", "AC06", "AG01"}


class Holdable:
    """Suspension and stop of a mandate; ``reason`` is a code of the bank or a sentence."""

    suspended_on: Mapped[date | None] = mapped_column()
    hold_reason: Mapped[str | None] = mapped_column(String(300))  # of the suspension or the stop

    def suspend(self: Any, reason: str, *, by: Any) -> None:
        """No debit rests on it until ``resume``; suspended again, the latest reason counts.

        Raises IllegalStep unless it is signed: ask ``can("suspend")`` where that is not sure.
        """
        self._take("suspend", by=by, reason=reason)
        self.suspended_on, self.hold_reason = clock.today(), reason[:300]

    def resume(self: Any, *, by: Any) -> None:
        self._take("resume", by=by)
        self.suspended_on = self.hold_reason = None

    def stop(self: Any, reason: str, *, by: Any) -> None:
        """Revoked at once, without notice: contested, or the debtor has died (MD01, MD07)."""
        self._take("stop", by=by, reason=reason)
        today = clock.today()
        self.revocation_received_on = self.revocation_received_on or today
        self.revoked_on = min(self.revoked_on or today, today)
        self.suspended_on, self.hold_reason = None, reason[:300]
