"""The figures as a page shows them: each with its thirteen months, its change, and its chart."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import g
from flask_babel import gettext as _

from portal import clock
from portal.accounts.models import Organisation
from portal.i18n import eur, month_name, number, percent, size
from portal.trends.chart import Bar, Series, bars
from portal.trends.jobs import SHOWN
from portal.trends.models import Name, figures_since
from portal.trends.work_out import months_before

Said = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Trend:
    """One figure by month, the oldest first. is_good: does more of it please?"""

    label: str
    months: list[date]
    series: list[Series]
    said: Said
    is_good: bool = True

    def _told(self, value: float | None) -> str:
        return "–" if value is None else self.said(value)

    @property
    def now(self) -> str:
        return self._told(self.series[0].values[-1])

    @property
    def before(self) -> str:
        return self._told(self.series[0].values[-2])

    @property
    def direction(self) -> int:
        """1: more than the month before, -1: less, 0: the same."""
        last, now = self.series[0].values[-2:]
        return 0 if last is None or now is None else (now > last) - (now < last)

    @property
    def pleases(self) -> bool:
        return (self.direction > 0) == self.is_good

    @property
    def bars(self) -> list[Bar]:
        return bars([month_name(month) for month in self.months], self.series, self.said)

    @property
    def rows(self) -> list[tuple[date, list[str]]]:
        """The same figures as text, the newest month first."""
        told = [[self._told(each.values[place]) for each in self.series] for place in range(len(self.months))]
        return list(zip(self.months, told, strict=True))[::-1]


def board(reseller: Organisation | None = None) -> list[Trend]:
    """What the acting person may see, of one reseller or of all."""
    names = months_before(clock.today(), SHOWN)
    known = figures_since(names[0], g.actor, reseller)
    kept = [known.get(name, Counter()) for name in names]
    months = [date.fromisoformat(f"{name}-01") for name in names]

    def of(
        label: str, *series: tuple[str, Sequence[float | None]], said: Said, is_good: bool = True
    ) -> Trend:
        return Trend(label, months, [Series(*each) for each in series], said, is_good)

    def each(name: Name) -> list[int | None]:
        return [month.get(name) for month in kept]

    def rate(part: Name, whole: Name) -> list[float | None]:
        return [month[part] / month[whole] if month[whole] else None for month in kept]

    return [
        of(_("Facturé dans le mois, HT"), (_("facturé"), each(Name.REVENUE)), said=_cents),
        of(_("Revenu mensuel récurrent, HT"), (_("par mois"), each(Name.MRR)), said=_cents),
        of(
            _("Abonnements commencés et finis"),
            (_("commencés"), each(Name.BEGUN)),
            (_("finis"), each(Name.LOST)),
            said=_whole,
        ),
        of(
            _("Prélèvements revenus"),
            (_("part revenue"), rate(Name.RETURNED, Name.DEBITS)),
            said=percent,
            is_good=False,
        ),
        of(_("Stocké dans les coffres"), (_("stocké"), each(Name.STORED)), said=_size),
        of(
            _("Machines à regarder"),
            (_("part des machines"), rate(Name.ALARMS, Name.MACHINES)),
            said=percent,
            is_good=False,
        ),
    ]


def _cents(value: float) -> str:
    return eur(int(value))


def _whole(value: float) -> str:
    return number(int(value))


def _size(value: float) -> str:
    return size(int(value)) or "0"
