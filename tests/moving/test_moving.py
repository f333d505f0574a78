"""Moving in from another system: judged whole, taken in once, undone while nothing was built on it."""

import io
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DatabaseError

from portal.accounts.models import Organisation
from portal.billing.carried import CarriedBalance
from portal.customers.models import Acceptance, Customer, Means
from portal.db import EVERYTHING, db, set_scope
from portal.eaddresses.keeping import enrol
from portal.eaddresses.models import EAddressDirectory
from portal.journal import JournalEntry
from portal.licensing.models import ActivationKey
from portal.mail import Mail
from portal.moving import views
from portal.moving.jobs import TOGETHER
from portal.moving.models import Moving, MovingFault, MovingState, of_row
from portal.moving.reading import cents_of, day_of
from portal.resellers.models import (
    LegalEntity,
    NumberSeries,
    issuer_for,
    name_entity,
    next_number,
    next_numbers,
)
from portal.sepa.models import Mandate, MandateEvent
from portal.sepa.models.entity import take_over_series
from portal.subscriptions.models import Subscription
from tests.builders import House, a_customer, an_outsider, stored, work
from tests.conftest import MONDAY
from tests.sepa.people import a_signed_mandate, the_entity
from tests.subscriptions.builders import a_monthly_product
from tests.wholesale.test_month import its_own_entity
from tests.workbooks import a_siren, a_workbook, an_iban, as_xlsx, rows_of

WRITTEN = (Customer, Subscription, ActivationKey, Mandate, MandateEvent, CarriedBalance, Acceptance)


def upload(client: FlaskClient, content: bytes, name: str = "reprise.xlsx") -> Any:
    return client.post("/moving", data={"file": (io.BytesIO(content), name)})


def the_moving() -> Moving:
    set_scope(EVERYTHING)
    db.session.rollback()
    moving = db.session.scalars(select(Moving).order_by(Moving.id.desc())).first()
    assert moving is not None
    return stored(moving)


def count(model: Any) -> int:
    set_scope(EVERYTHING)
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def taken(client: FlaskClient, content: bytes) -> Moving:
    answer = upload(client, content)
    assert answer.status_code == 303
    work()
    moving = the_moving()
    assert (moving.state, faults()) == (MovingState.READY, [])
    assert client.post(f"/moving/{moving.uid}/taking").status_code == 303
    work()
    return stored(moving)


def faults() -> list[tuple[str, int, str]]:
    query = select(MovingFault.sheet, MovingFault.row, MovingFault.reason).order_by(MovingFault.id)
    return [tuple(row) for row in db.session.execute(query)]


@pytest.mark.words
def test_three_hundred_customers_move_in_and_nobody_is_written_to(house: House, browser) -> None:
    a_monthly_product(house)
    client = browser(house.owner)
    moving = taken(client, a_workbook(300))
    assert moving.state == MovingState.TAKEN
    assert {model: count(model) for model in WRITTEN[:4]} == dict.fromkeys(WRITTEN[:4], 300)
    assert (count(CarriedBalance), count(Mail)) == (300, 0)
    row = db.session.scalars(select(Customer).where(Customer.siren == a_siren(7))).one()
    (proof, *_rest) = row.acceptances
    assert (proof.means, proof.signed_on, proof.accepted_by) == (
        Means.TAKEN_OVER,
        date(2024, 3, 12),
        "Camille Martin",
    )
    subscription = db.session.scalars(select(Subscription).where(Subscription.customer_id == row.id)).one()
    assert (subscription.started_on, subscription.billed_before) == (date(2024, 4, 1), date(2026, 12, 1))
    mandate = db.session.scalars(select(Mandate).where(Mandate.customer_id == row.id)).one()
    assert (mandate.iban, mandate.is_usable(date(2026, 12, 5))) == (an_iban(7), True)
    for address in (f"/customers/{row.uid}", f"/subscriptions/{subscription.uid}"):
        page = client.get(address)
        assert page.status_code == 200
    assert "2026-00007" in client.get(f"/customers/{row.uid}").text
    assert "120,00" in client.get(f"/customers?moving={moving.uid}").text
    assert client.get(f"/moving/{moving.uid}").status_code == 200
    again = upload(client, a_workbook(2))
    assert again.status_code == 303
    work()
    assert {row for _sheet, row, _reason in faults()} == {2, 3}  # all of them are here already


def test_the_file_says_who_bills_each_customer_else_the_rule_of_her_reseller_does(
    house: House, browser
) -> None:
    a_monthly_product(house)
    provider, own = the_entity(), its_own_entity(house)
    name_entity(house.reseller, provider)  # it has an entity, and the provider bills by rule
    rows = rows_of(3)
    for sheet in ("mandates", "keys"):
        rows[sheet].clear()
    for row, said in zip(rows["customers"], ("", "Revendeur", "fournisseur"), strict=True):
        row["billed_by"] = said
    moving = taken(browser(house.operator), as_xlsx(rows))
    wanted = [provider.id, own.id, provider.id]
    subscriptions = db.session.scalars(select(Subscription).order_by(Subscription.id)).all()
    assert [each.legal_entity_id for each in subscriptions] == wanted
    customers = db.session.scalars(select(Customer).order_by(Customer.id)).all()
    assert [issuer_for(each).id for each in customers] == wanted
    assert browser(house.operator).post(f"/moving/{moving.uid}/undo").status_code == 303
    work()
    assert stored(moving).state == MovingState.UNDONE and count(Customer) == 0


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("customers", {"siren": "732829321"}, "clé de contrôle"),
    ("customers", {"siren": None}, "SIREN est obligatoire"),
    ("customers", {"vat_number": "FR00000000000"}, "TVA"),
    ("customers", {"postcode": 6000}, "code postal"),
    ("customers", {"billing-email": "compta@"}, "e-mail"),
    ("customers", {"reseller": "Personne"}, "revendeur"),
    ("customers", {"billed_by": "quelqu'un"}, "fournisseur ou revendeur"),
    ("customers", {"billed_by": "revendeur"}, "n'a pas d'entité juridique"),
    ("customers", {"health_data": "peut-être"}, "oui ou par non"),
    ("customers", {"siren": a_siren(1)}, "même SIREN"),
    ("terms", {"stack": "inconnu"}, "contrat inconnu"),
    ("terms", {"signed_on": "31/02/2024"}, "23/11/2026"),
    ("subscriptions", {"product": "X"}, "produit inconnu"),
    ("subscriptions", {"quantity": "=1+1"}, "nombre entier"),
    ("subscriptions", {"method": "en nature"}, "mandat administratif ou prélèvement"),
    ("subscriptions", {"billed_before": "01/01/2020"}, "facturé depuis"),
    ("keys", {"code": "AAAAA-BBBBB-CCCCC-DDDDD"}, "mal recopiée"),
    ("keys", {"seats_used": 9}, "plus de postes"),
    ("mandates", {"iban": "FR7630006000011234567890188"}, "IBAN"),
    ("mandates", {"ics": "FR00ZZZ000000"}, "ICS"),
    ("mandates", {"rum": "ANCIEN-000001"}, "plusieurs fois"),
    ("invoices", {"gross": "121,00"}, "TTC"),
    ("invoices", {"reference": "C-99999"}, "aucun client"),
]


def test_each_fault_is_told_with_its_sheet_its_row_and_why_and_nothing_is_written(
    house: House, browser
) -> None:
    a_monthly_product(house)
    rows = rows_of(len(WRONG) + 1)
    for number, (sheet, change, _words) in enumerate(WRONG, 1):
        rows[sheet][number] |= change
    rows["terms"].append(rows["terms"][0])
    client = browser(house.operator)
    upload(client, as_xlsx(rows))
    work()
    moving = the_moving()
    assert moving.state == MovingState.FAULTY
    told = faults()
    for number, (sheet, _change, words) in enumerate(WRONG, 1):
        reasons = [reason for where, row, reason in told if (where, row) == (sheet, number + 2)]
        assert any(words in reason for reason in reasons), (sheet, words, reasons)
    assert ("terms", len(WRONG) + 3, "la ligne 2 dit la même chose") in told
    assert client.post(f"/moving/{moving.uid}/taking").status_code == 409
    assert count(Customer) == 0
    page = client.get(f"/moving/{moving.uid}").text
    assert "mal recopiée" in page or "clé de contrôle" in page
    assert "clé de contrôle" in client.get(f"/moving/{moving.uid}/faults.csv").text


def a_zip(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_csv_in_a_zip_is_read_in_any_of_three_encodings_and_foreign_titles_are_named(
    house: House, browser, encoding: str
) -> None:
    titles = "Référence;Genre;Société;SIREN;Numéro et rue;Code postal;Ville;Données de santé"
    titles += ";Facturation : nom;Facturation : e-mail;Revendeur"
    line = (
        f"C1;entreprise;Crémerie Noël;{a_siren(1)};3 rue du Four;75006;Paris;non;Zoé;zoe@client.fr;Revendeur"
    )
    content = a_zip({"Clients.csv": f"{titles}\n\n{line}\n".encode(encoding), "lisez-moi.txt": b"x"})
    client = browser(house.owner)
    upload(client, content, "reprise.zip")
    moving = the_moving()
    assert moving.state == MovingState.HEADS
    page = client.get(f"/moving/{moving.uid}").text
    assert "Société" in page
    refused = client.post(f"/moving/{moving.uid}/heads", data={"customers:name": "Société"})
    assert refused.status_code == 422
    client.post(f"/moving/{moving.uid}/heads", data={"customers:name": "Société", "customers:kind": "Genre"})
    work()
    assert (stored(moving).state, faults()) == (MovingState.READY, [])
    client.post(f"/moving/{moving.uid}/taking")
    work()
    assert db.session.scalars(select(Customer.name)).all() == ["Crémerie Noël"]


def test_what_is_no_workbook_is_refused_before_anything_is_unpacked(
    house: House, browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(house.owner)
    bomb = a_zip({"Clients.csv": b"0" * (201 * 1024 * 1024)})
    for content, words in ((bomb, "200 Mo"), (b"nonsense", "XLSX"), (a_zip({"x.csv": b"a"}), "« Clients »")):
        answer = upload(client, content)
        assert (answer.status_code, words in answer.text.replace("\u00a0", " ")) == (422, True), words
    monkeypatch.setattr(views, "LARGEST", 1000)  # of the real limit the client would keep a file open
    too_large = upload(client, b"0" * 6000)
    assert (too_large.status_code, "20 Mo" in too_large.text.replace("\u00a0", " ")) == (413, True)
    assert count(Moving) == 0


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-23", date(2026, 11, 23)),
        ("23/11/2026", date(2026, 11, 23)),
        ("46349", date(2026, 11, 23)),
        ("31/02/2026", None),
        ("815", None),
    ],
)
def test_days_are_read_as_spreadsheets_hand_them_on(text: str, day: date | None) -> None:
    assert day_of(text) == day


@pytest.mark.parametrize(
    ("text", "cents"), [("1 234,50 €", 123450), ("120", 12000), ("0.1", 10), ("1,234", None), ("x", None)]
)
def test_amounts_are_read_as_they_are_typed(text: str, cents: int | None) -> None:
    assert cents_of(text) == cents


def test_an_import_is_undone_whole_and_its_file_can_be_taken_in_again(house: House, browser) -> None:
    a_monthly_product(house)
    client = browser(house.owner)
    content = a_workbook(12)
    moving = taken(client, content)
    lines = count(JournalEntry)
    entity = db.session.scalars(select(LegalEntity)).one()
    directory = EAddressDirectory(organisation=entity.organisation, legal_entity_id=entity.id)
    db.session.add(directory)
    db.session.flush()
    enrol(directory)
    db.session.commit()
    assert client.post(f"/moving/{moving.uid}/undo").status_code == 303
    work()
    assert stored(moving).state == MovingState.UNDONE
    assert {model: count(model) for model in WRITTEN} == dict.fromkeys(WRITTEN, 0)
    assert count(JournalEntry) > lines
    query = select(func.count(Organisation.id)).where(Organisation.kind == "customer")
    assert db.session.scalar(query) == 0
    assert taken(client, content).state == MovingState.TAKEN
    assert count(Customer) == 12


def test_undoing_gives_number_series_back_unless_a_number_was_given(house: House, browser) -> None:
    """As they were: one that was open before goes on where it stood, one that was not is gone."""
    a_monthly_product(house)
    entity = db.session.scalars(select(LegalEntity)).one()
    next_numbers(entity, "FA", 2026, 7)
    take_over_series(entity, "PF", 2026, 40, by=house.operator)
    db.session.commit()
    client, rows = browser(house.operator), rows_of(2)
    for prefix, last in (("CR", 900), ("PF", 950), ("RUM", 5)):
        rows["series"].append({"prefix": prefix, "year": 2026, "last": last})
    moving = taken(client, as_xlsx(rows))
    assert series() == {"FA": (7, 0), "CR": (900, 900), "PF": (950, 950), "RUM": (5, 5)}
    assert next_number(entity, "RUM", 2026) == "RUM-2026-000006"
    db.session.commit()
    client.post(f"/moving/{moving.uid}/undo")
    work()
    assert (stored(moving).state, count(Customer)) == (MovingState.TAKEN, 2)
    assert "la série RUM-2026 a donné un numéro" in client.get(f"/moving/{moving.uid}").text
    assert series() == {"FA": (7, 0), "CR": (900, 900), "PF": (950, 950), "RUM": (6, 5)}
    db.session.execute(update(NumberSeries).where(NumberSeries.prefix == "RUM").values(last=5))
    db.session.commit()
    client.post(f"/moving/{moving.uid}/undo")
    work()
    assert (stored(moving).state, count(Customer)) == (MovingState.UNDONE, 0)
    assert series() == {"FA": (7, 0), "PF": (40, 40)}


def series() -> dict[str, tuple[int, int]]:
    """Last number and the one taken over of each series that is open."""
    set_scope(EVERYTHING)
    columns = NumberSeries.prefix, NumberSeries.last, NumberSeries.taken_over
    return {prefix: (last, over) for prefix, last, over in db.session.execute(select(*columns))}


def test_a_b2b_mandate_that_was_debited_is_confirmed_and_another_waits_for_its_bank(
    house: House, browser
) -> None:
    """EPC222-07: the debtor's bank refuses a debit on a B2B mandate that it has not registered."""
    a_monthly_product(house)
    client, rows = browser(house.owner), rows_of(4)
    for line, presented in zip(rows["mandates"], ("05/11/2026", "", "10/12/2026", ""), strict=True):
        line |= {"scheme": "B2B", "presented_on": presented}
    rows["mandates"][3]["scheme"] = "CORE"
    upload(client, as_xlsx(rows))
    work()
    moving = the_moving()
    page = client.get(f"/moving/{moving.uid}").text
    assert (moving.state, moving.faults) == (MovingState.READY, 0)
    assert [row for row in faults() if row[1] == 2] == [
        ("mandates", 2, "B2B confirmé par le prélèvement du 5 novembre 2026\xa0: utilisable")
    ]
    assert {number for _sheet, number, reason in faults() if "attend la confirmation" in reason} == {3, 4}
    assert "À savoir" in page and "attend la confirmation" in page and "<h2>Fautes" not in page
    assert "attend la confirmation" not in client.get(f"/moving/{moving.uid}/faults.csv").text
    client.post(f"/moving/{moving.uid}/taking")
    work()
    mandates = db.session.scalars(select(Mandate).order_by(Mandate.rum)).all()
    today = date(2026, 12, 20)
    assert [each.is_usable(today) for each in mandates] == [True, False, False, True]
    waiting = f"/sepa/mandates/{mandates[1].uid}"
    finance = browser(house.finance)
    assert "Noter la confirmation" in finance.get(waiting).text
    assert "Noter la confirmation" not in finance.get(f"/sepa/mandates/{mandates[0].uid}").text
    finance.post(f"{waiting}/bank-confirmation", data={"on": "2026-11-23"})
    assert stored(mandates[1]).is_usable(today)


def test_what_was_built_on_and_a_day_that_is_over_keep_an_import(house: House, browser, at) -> None:
    a_monthly_product(house)
    client = browser(house.owner)
    moving = taken(client, a_workbook(3))
    finance = browser(house.finance)
    customer = db.session.scalars(select(Customer).order_by(Customer.id)).first()
    balance = db.session.scalars(select(CarriedBalance)).first()
    assert customer and balance
    finance.post(f"/billing/balances/{balance.uid}/payment")
    client.post(f"/moving/{moving.uid}/undo")
    work()
    assert (stored(moving).state, count(Customer)) == (MovingState.TAKEN, 3)
    assert "solde repris est réglé" in client.get(f"/moving/{moving.uid}").text
    at(MONDAY + timedelta(hours=25))
    late = browser(house.owner)
    assert late.post(f"/moving/{moving.uid}/undo").status_code == 422
    assert count(Customer) == 3


def test_a_colleague_may_not_import_and_an_outsider_sees_none(house: House, browser) -> None:
    a_monthly_product(house)
    moving = taken(browser(house.owner), a_workbook(1))
    assert upload(browser(house.sales), a_workbook(1)).status_code == 403
    stranger = browser(an_outsider(house))
    assert stranger.get(f"/moving/{moving.uid}").status_code == 404
    upload(stranger, a_workbook(1))
    work()
    assert any("revendeur" in reason for _sheet, _row, reason in faults())  # of another house


def test_only_what_came_from_elsewhere_can_be_taken_back(house: House, browser) -> None:
    """The evidence of a signature made here stays, whatever the rows of an import say."""
    a_monthly_product(house)
    moving = taken(browser(house.owner), a_workbook(1))
    own = a_customer(house.reseller, siren=None)
    mandate = a_signed_mandate(house, own)
    db.session.add(of_row(moving, "customers", 900, own))
    moving.state = MovingState.UNDOING
    db.session.commit()
    for table in ("acceptance", "mandate_event"):
        with pytest.raises(DatabaseError), db.session.begin_nested():
            _remove_evidence(own.organisation_id, table)
    assert mandate.broken_link() is None


def _remove_evidence(house: int, table: str) -> None:
    if db.session.connection().dialect.name == "postgresql":
        db.session.execute(text("SELECT remove_undone_evidence(:house)"), {"house": house})
    else:
        db.session.execute(text(f"DELETE FROM {table} WHERE organisation_id = :house"), {"house": house})


def test_what_changed_since_it_was_judged_stops_it_and_both_ways_lead_on(house: House, browser) -> None:
    """A customer of the same number was entered meanwhile: the rows before stay, none is half there."""
    a_monthly_product(house)
    client = browser(house.owner)
    assert upload(client, a_workbook(12)).status_code == 303
    work()
    moving = the_moving()
    twin = a_customer(house.reseller, name="Entrée entre-temps", siren=a_siren(12))
    db.session.commit()
    client.post(f"/moving/{moving.uid}/taking")
    work()
    assert (stored(moving).state, count(Customer)) == (MovingState.STOPPED, 1 + TOGETHER)
    page = client.get(f"/moving/{moving.uid}").text
    assert "Reprendre la suite" in page and "Annuler la reprise" in page and "Entrée entre-temps" in page
    twin.siren = None
    db.session.commit()
    client.post(f"/moving/{moving.uid}/taking")
    work()
    assert (stored(moving).state, count(Customer)) == (MovingState.TAKEN, 13)


def test_what_stopped_half_way_is_taken_back(house: House, browser) -> None:
    a_monthly_product(house)
    client = browser(house.owner)
    upload(client, a_workbook(12))
    work()
    moving = the_moving()
    a_customer(house.reseller, name="Entrée entre-temps", siren=a_siren(12))
    db.session.commit()
    client.post(f"/moving/{moving.uid}/taking")
    work()
    assert client.post(f"/moving/{moving.uid}/undo").status_code == 303
    work()
    assert (stored(moving).state, count(Customer)) == (MovingState.UNDONE, 1)
