"""A line of figures as a drawing: points of an SVG polyline, computed here and styled by the sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from portal import clock
from portal.backups.models import UsageSample
from portal.db import db
from portal.engine.models import Vault

WIDTH, HEIGHT, MARGIN = 600, 120, 6
DAYS = 90


@dataclass(frozen=True)
class Trend:
    """Daily figures, the oldest first; drawn from nought, so that a small change looks small."""

    points: tuple[tuple[date, int], ...]

    @property
    def first(self) -> tuple[date, int]:
        return self.points[0]

    @property
    def last(self) -> tuple[date, int]:
        return self.points[-1]

    @property
    def highest(self) -> int:
        return max(value for _day, value in self.points)

    @property
    def line(self) -> str:
        return " ".join(f"{x},{y}" for x, y in self._placed())

    @property
    def area(self) -> str:
        """The line, closed along the ground."""
        placed = self._placed()
        return f"{placed[0][0]},{HEIGHT - MARGIN} {self.line} {placed[-1][0]},{HEIGHT - MARGIN}"

    def _placed(self) -> list[tuple[int, int]]:
        start, span = self.first[0], max((self.last[0] - self.first[0]).days, 1)
        wide, high = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
        return [
            (
                MARGIN + wide * (day - start).days // span,
                HEIGHT - MARGIN - high * value // (self.highest or 1),
            )
            for day, value in self.points
        ]


def usage_trend(vaults: Sequence[Vault]) -> Trend | None:
    """What vaults store together, by day, over the last three months; None before there are two days.

    A vault without a measure that day counts with its measure before.
    """
    since = clock.today() - timedelta(days=DAYS)
    query = select(UsageSample.sampled_on, UsageSample.vault_id, UsageSample.bytes_stored).where(
        UsageSample.vault_id.in_([vault.id for vault in vaults]), UsageSample.sampled_on >= since
    )
    held: dict[int, int] = {}
    days: dict[date, int] = {}
    for day, vault_id, stored in db.session.execute(query.order_by(UsageSample.sampled_on)):
        held[vault_id] = stored
        days[day] = sum(held.values())
    return Trend(tuple(days.items())) if len(days) > 1 else None
