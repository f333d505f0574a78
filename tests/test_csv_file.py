"""Tables for spreadsheets: whole or not at all, harmless, and with amounts that a spreadsheet can add up."""

import csv
import io
import tracemalloc
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from flask import Flask

from portal.accounts.models import User, open_sign_in
from portal.catalogue.models import Method
from portal.contracts.models import tell
from portal.contracts.revisions import announce, revise_price
from portal.csv_file import csv_answer, euros, share
from portal.db import db
from portal.journal import SYSTEM
from portal.licensing.models import keys_of
from portal.sepa.returns.book import import_bank_file
from portal.subscriptions.models import subscriptions_of
from portal.subscriptions.ordering import place_order, record_wire
from tests.backups.reporting import a_machine
from tests.builders import SIRENS, a_customer, a_house
from tests.installation import Installation, Installs
from tests.sepa.bank_files import Back, camt
from tests.sepa.people import a_collection, a_signed_mandate, freeze_batch, the_entity
from tests.subscriptions.builders import a_product
from tests.terms.builders import a_published


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))


def written(app: Flask, *cells: object) -> list[str]:
    with app.test_request_context():
        return table(csv_answer("x.csv", ["head"], [cells]).get_data(as_text=True))[1]


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "0,00"), (5, "0,05"), (123456, "1234,56"), (-150, "-1,50"), (-5, "-0,05")]
)
def test_cents_are_written_as_a_spreadsheet_reads_them(cents: int, text: str) -> None:
    assert euros(cents) == text


def test_figures_of_the_portal_stay_figures(app: Flask) -> None:
    assert written(app, euros(-150), share(-0.5), -3, 7) == ["-1,50", "-0,5000", "-3", "7"]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+33 1 02",
        "-1,50",
        "@SUM(A1)",
        " =1+1",
        "\t=1+1",
        "\n=1+1",
        "\r\n =1+1",
        "\u00a0=1+1",
        "\ufeff=1+1",
        "\u200b=1+1",
        "\uff1d1+1",
        "\uff0b1",
        "\uff0d1",
        "\uff20SUM(A1)",
        "\tx",
    ],
)
def test_what_somebody_typed_is_never_a_formula(app: Flask, text: str) -> None:
    assert written(app, text)[0] == "'" + text


@pytest.mark.parametrize("text", ["Boulangerie", "1+1", "a=b", "3 rue du Four", "Éts. -X-"])
def test_ordinary_text_stays_as_it_is(app: Flask, text: str) -> None:
    assert written(app, text) == [text]


def test_days_and_nothing(app: Flask) -> None:
    assert written(app, date(2026, 11, 23), None, "") == ["2026-11-23", "", ""]


def test_the_rows_are_read_before_the_answer_begins(app: Flask) -> None:
    """An error while reading is an error page, never a heading alone."""

    def rows() -> Iterator[list[str]]:
        yield ["first"]
        raise RuntimeError("the database is gone")

    with app.test_request_context(), pytest.raises(RuntimeError):
        csv_answer("x.csv", ["head"], rows())


def test_the_length_is_told(app: Flask) -> None:
    with app.test_request_context():
        answer = csv_answer("x.csv", ["é"], [["à"]])
        assert answer.content_length == len(answer.get_data())


def test_many_rows_lie_on_the_disk(app: Flask) -> None:
    with app.test_request_context():
        tracemalloc.start()
        answer = csv_answer("x.csv", ["n", "text"], ([n, "x" * 100] for n in range(100_000)))
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert answer.content_length > 10_000_000
        assert most < 4_000_000
        assert sum(chunk.count(b"\n") for chunk in answer.response) == 100_001
        answer.close()


@dataclass
class Served:
    """A real server, who asks, and how many rows each table has."""

    app: Flask
    address: str
    cookies: dict[str, str]
    rows: dict[str, tuple[str, int]]  # by rule: address and number of rows

    def get(self, path: str, who: str) -> tuple[int, list[list[str]]]:
        request = urllib.request.Request(self.address + path, headers={"Cookie": self.cookies[who]})
        with urllib.request.urlopen(request) as answer:
            return answer.status, table(answer.read().decode())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, an_installation: Installs) -> Iterator[Installation]:
    with an_installation(tmp_path_factory.mktemp("tables")) as place:
        yield place


def a_table_of_each_kind() -> tuple[dict[str, User], dict[str, tuple[str, int]]]:
    house, entity = a_house(), the_entity()
    product = a_product(house)
    customers = [a_customer(house.reseller, name=f"Client {n}", siren=SIRENS[n]) for n in range(3)]
    for n, customer in enumerate(customers):
        order = place_order(customer, product, 5, Method.WIRE, by=SYSTEM)
        record_wire(order, received_on=date(2026, 11, 20), amount_cents=29940, reference=f"VIR{n}", by=SYSTEM)
        a_machine(keys_of(customer)[0], f"poste-{n}")
    mandates = [a_signed_mandate(house, customer) for customer in customers]
    for mandate in mandates:
        a_collection(mandate, source_uid=f"first-{mandate.uid}")
    batch = freeze_batch(entity, "CORE", date(2027, 1, 31), SYSTEM)
    for mandate in mandates:
        a_collection(mandate, source_uid=f"second-{mandate.uid}")
    backs = [Back(f"NOBODY-{n}", 100 + n) for n in range(3)]
    file = import_bank_file(entity, camt(backs), "retour.xml", by=SYSTEM).file
    version = a_published(house, date(2027, 1, 1), "000", "000-2027", without="keys.per_licence")
    revision = revise_price(product, unit_cents=6588, effective_on=date(2027, 1, 1), by=SYSTEM)
    for customer in customers:
        assert tell(customer, version) is not None
        announce(subscriptions_of(customer)[0], revision)
    db.session.commit()
    people = {name: getattr(house, name) for name in ("finance", "operator", "owner")}
    return people, {
        "/backups/machines.csv": ("/backups/machines.csv", 3),
        "/lists/<name>/file.csv": ("/lists/customers/file.csv", 3),
        "/prices/<product_uid>/told.csv": (f"/prices/{product.uid}/told.csv", 3),
        "/sepa/batches/<uid>/rows.csv": (f"/sepa/batches/{batch.uid}/rows.csv", 3),
        "/sepa/collections.csv": ("/sepa/collections.csv", 3),
        "/sepa/mandates/import/template.csv": ("/sepa/mandates/import/template.csv", 1),
        "/sepa/returns/<uid>/records.csv": (f"/sepa/returns/{file.uid}/records.csv", 3),
        "/sepa/returns/rates.csv": ("/sepa/returns/rates.csv", TWELVE_MONTHS),
        "/terms/<version>/notices.csv": (f"/terms/{version.version}/notices.csv", 3),
        "/trends/file.csv": ("/trends/file.csv", 13),
        "/work/journal.csv": (f"/work/journal.csv?ref={product.uid}", 1),
    }


@pytest.fixture
def served(place: Installation, at: Callable[[datetime], None]) -> Iterator[Served]:
    with place.context():
        people, rows = a_table_of_each_kind()
        at(datetime.now(UTC))  # the server's clock is the real one
        cookies = {}
        for name, user in people.items():
            _row, token = open_sign_in(user, address="127.0.0.1", browser="test")
            cookies[name] = f"{place.app.config['SIGN_IN_COOKIE']}={token}"
        db.session.commit()
    with place.web() as address:
        yield Served(place.app, address, cookies, rows)


ELSEWHERE = {  # read by the tests of their rooms
    "/billing/clauses/file.csv",
    "/billing/clauses/rows.csv",
    "/billing/deferred/<uid>/lines.csv",
    "/ereporting/<uid>/lines.csv",
    "/margins/year.csv",
    "/commissions/<uid>/lines.csv",
    "/wholesale/<uid>/annex.csv",
    "/privacy/processing/versions/<uid>/file.csv",
    "/moving/<uid>/faults.csv",
    "/moving/<uid>/month/file.csv",
    "/billing/vat/services.csv",
    "/billing/vat/union-sales.csv",
    "/billing/previews/<uid>/lines.csv",
    "/billing/closings/<uid>/figures.csv",
    "/billing/ledger/<uid>/aged.csv",
    "/billing/ledger/<uid>/journal.csv",
}
TWELVE_MONTHS = 12  # and those to come in which a debit is planned, as the server's clock sees it
READERS = {"/prices/": "operator", "/terms/": "operator", "/backups/": "owner", "/work/": "operator"}


@pytest.mark.slow
def test_a_real_server_sends_every_table_whole(served: Served) -> None:
    rules = {str(rule) for rule in served.app.url_map.iter_rules() if str(rule).endswith(".csv")}
    assert rules == set(served.rows) | ELSEWHERE
    for rule, (path, count) in served.rows.items():
        who = next((who for start, who in READERS.items() if path.startswith(start)), "finance")
        status, lines = served.get(path, who)
        assert status == 200, rule
        assert len(lines) == 1 + count or (count == TWELVE_MONTHS and len(lines) > count), rule
        assert {len(line) for line in lines} == {len(lines[0])}, rule
