"""What the call told, and who sees to the request."""

from flask_babel import gettext as _
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal.accounts.models import User
from portal.actor import Actor
from portal.errors import Refused
from portal.journal import record
from portal.restore_requests.kinds import Holder, Scope, Urgency


class Called:
    """Columns and verbs of a request that somebody takes at the telephone."""

    scope: Mapped[Scope] = mapped_column(default=Scope.FILE)
    urgency: Mapped[Urgency] = mapped_column(default=Urgency.NORMAL)
    holder: Mapped[Holder] = mapped_column(default=Holder.UNKNOWN)  # of the passphrase, as the caller says
    caller: Mapped[str] = mapped_column(String(70), default="")  # who asked by phone
    caller_check: Mapped[str] = mapped_column(String(120), default="")  # how it was known that it is her
    ticket_number: Mapped[str] = mapped_column(String(35), default="")  # that it was asked for under
    taken_by_id: Mapped[int | None] = mapped_column(index=True)  # of user_account
    taken_by: Mapped[str] = mapped_column(String(200), default="")

    @property
    def is_over(self) -> bool:
        raise NotImplementedError

    def take(self, *, by: User) -> None:
        """Somebody sees to it from now on. Raises Refused when another one has it."""
        if self.is_over:
            raise Refused(_("Cette demande est close."))
        if self.taken_by_id not in (None, by.id):
            raise Refused(_("%(name)s s'en occupe déjà.", name=self.taken_by))
        self.taken_by_id, self.taken_by = by.id, by.label
        record(self, "take", by=by)

    def let_go(self, *, by: Actor) -> None:
        self.taken_by_id, self.taken_by = None, ""
        record(self, "let_go", by=by)
