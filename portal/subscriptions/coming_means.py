"""The means of payment of a subscription, and the one that a later period begins with."""

from datetime import date
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.actor import Actor
from portal.catalogue.models import Method
from portal.journal import SYSTEM, record


class ComingMeans:
    """One wish at a time; without a first period it waits for a mandate. The journal keeps earlier ones."""

    coming_method: Mapped[Method | None]
    coming_method_asked_on: Mapped[date | None] = mapped_column(index=True)
    coming_method_from: Mapped[date | None]  # first day of the first period that is paid so
    coming_mandate_uid: Mapped[str | None] = mapped_column(String(16))  # of the request that the wish made

    @property
    def waits_for_mandate(self) -> bool:
        return self.coming_method is not None and self.coming_method_from is None

    def method_on(self: Any, start: date) -> Method:
        """By which means the period that begins on ``start`` is paid.

        Source: 000-16, 001-12, 001-14, 003-49.
        """
        since = self.coming_method_from
        method: Method = self.method if since is None or start < since else self.coming_method
        return method

    def wish_method(self: Any, method: Method, *, mandate_uid: str | None = None, by: Actor) -> None:
        """Note what is asked for; mandate_uid: of the request that leaves for it, if one does."""
        self.coming_method, self.coming_method_asked_on = method, clock.today()
        self.coming_mandate_uid = mandate_uid
        record(self, "wish_means", by=by, before=self.method.value, after=method.value)

    def agree_method(self: Any, effective_on: date, *, by: Actor) -> None:
        """effective_on: first day of the first period that is paid so."""
        self.coming_method_from = effective_on
        values = {"before": self.method.value, "after": self.coming_method.value}
        record(self, "agree_means", by=by, effective_on=effective_on.isoformat(), **values)

    def take_method(self: Any, start: date) -> None:
        """The period that begins on ``start`` is charged: from the day of a change on, by the new means."""
        method = self.method_on(start)
        if method != self.method:
            record(self, "take_means", by=SYSTEM, before=self.method.value, after=method.value)
            self.method = method
        if self.coming_method_from is not None and start >= self.coming_method_from:
            self._forget_method()

    def drop_method(self: Any, reason: str = "", *, by: Actor) -> None:
        """The wish counts no more; what is paid so already stays."""
        if self.coming_method is not None:
            record(self, "drop_means", by=by, after=self.coming_method.value, reason=reason)
            self._forget_method()

    def _forget_method(self: Any) -> None:
        self.coming_method = self.coming_method_asked_on = None
        self.coming_method_from = self.coming_mandate_uid = None
