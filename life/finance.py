"""What finance does on its days: the run of the month, files by two people, the statements of the bank."""

import re
from datetime import date, timedelta

from life.bank import Bank
from life.place import Place
from life.provider import Provider

_RATES = {1: "2,15", 2: "4,15"}  # of half-years to come, as a fiction


class Office:
    """Two people of finance; the second releases what the first prepared."""

    def __init__(self, place: Place, provider: Provider, bank: Bank) -> None:
        self.place, self.provider, self.bank = place, provider, bank
        self.finance, self.second = provider.finance, provider.second
        self.runs: list[str] = []

    def open_books(self, day: date) -> None:
        """The rate of the half-year, which the law's penalty needs."""
        half = 1 if day.month < 7 else 2
        semester = f"{day.year} S{half}"
        page = self.finance.visit("/billing/rates")
        if semester not in page:
            source = "annonce de la banque centrale"
            self.finance.send("/billing/rates", semester=semester, rate=_RATES[half], source=source)

    def set_ladder(self) -> None:
        """Reminders leave by themselves: after 5, 10 and 15 days, and the service stops 8 days later."""
        entity = self.provider.entity
        days = {"reminder_days": "5", "second_days": "10", "formal_days": "15", "grace_days": "8"}
        page = self.finance.visit("/late/settings")
        shown = {name: text for name, text in days.items() if f"{entity}-{name}" in page}
        typed = {f"{entity}-{name}": text for name, text in {**shown, "by_itself": "yes"}.items()}
        self.finance.send(f"/late/settings/{entity}", **typed)

    def bill(self, month: str) -> None:
        """The month is looked at first, then billed."""
        entity = self.provider.entity
        self.finance.visit("/billing/runs")
        self.finance.send("/billing/previews", entity=entity, month=month)
        self.place.work()
        self.finance.visit(self.finance.page.url.path)
        self.finance.visit("/billing/runs")
        self.finance.send("/billing/runs", entity=entity, month=month)
        self.runs.append(self.finance.page.url.path)
        self.place.work()

    def hand_in(self, today: date) -> int:
        """Every debit of the days to come, in files that the second person releases."""
        handed, page = 0, self.finance.visit("/sepa/collections")
        for scheme in ("CORE", "B2B"):
            days = sorted(set(re.findall(r'<option[^>]*value="(\d{4}-\d\d-\d\d)"', page)))
            wanted = [day for day in days if date.fromisoformat(day) <= today + timedelta(days=9)]
            if not wanted or f'value="{scheme}"' not in page:
                continue
            self.finance.send("/sepa/batches", entity=self.provider.entity, scheme=scheme, through=wanted[-1])
            self.place.work()
            self.finance.visit(self.finance.page.url.path)
            handed += self._to_the_bank(self.finance.page.url.path, today)
            page = self.finance.visit("/sepa/collections")
        return handed

    def _to_the_bank(self, batch: str, today: date) -> int:
        self.second.visit(batch)
        self.second.send(f"{batch}/release")
        self.place.work()
        self.finance.visit(batch)
        self.finance.send(f"{batch}/file")
        count = self.bank.take_debits(self.finance.page.content, today)
        self.finance.visit(batch)
        self.finance.send(f"{batch}/sending", on=str(today))
        return count

    def refund(self, today: date) -> int:
        """What is owed back and has an account leaves in a file by two people."""
        page = self.finance.visit("/refunds")
        if 'name="entity"' not in page:
            return 0
        self.finance.send("/refunds/files", entity=self.provider.entity)
        file = self.finance.page.url.path
        self.second.visit(file)
        self.second.send(f"{file}/release")
        self.second.send(f"{file}/file")
        count = self.bank.take_transfers(self.second.page.content, today)
        self.second.visit(file)
        self.second.send(f"{file}/sending", on=str(today))
        return count

    def read(self, statement: bytes) -> str:
        """The bank's file, as it came; what the portal says of it."""
        self.finance.visit("/sepa/returns")
        files = {"file": ("releve.xml", statement)}
        self.finance.send("/sepa/returns", entity=self.provider.entity, files=files)
        path = self.finance.page.url.path
        self.place.work()
        self.finance.visit(path)
        return self.finance.notice()
