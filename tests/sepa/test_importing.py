"""Mandates of another system: a dry run that writes nothing, then all good lines or none."""

import io
import re
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.access import Role
from portal.customers.models import CustomerKind, Draft
from portal.db import EVERYTHING, db, set_scope
from portal.sepa.mandates.importing import OPTIONAL, REQUIRED, judge, read_lines
from portal.sepa.models import Amendment, Mandate, pending_amendments
from tests.builders import SIRENS, House, a_customer, a_user
from tests.sepa.people import IBAN, OTHER_IBAN, a_signed_mandate

PAGE = "/sepa/mandates/import"
GOOD = {
    "rum": "OLD-1",
    "client": SIRENS[0],
    "titulaire": "Boulangerie Martin",
    "iban": IBAN,
    "schema": "CORE",
    "signe_le": "02/03/2024",
}
DUE = date(2026, 12, 31)


def a_csv(*lines: dict[str, str], delimiter: str = ";") -> str:
    names = [*REQUIRED, *OPTIONAL]
    rows = [names, *([line.get(name, "") for name in names] for line in lines)]
    return "\n".join(delimiter.join(row) for row in rows) + "\n"


def upload(client: FlaskClient, text: str | bytes, name: str = "reprise.csv"):
    content = text.encode() if isinstance(text, str) else text
    return client.post(PAGE, data={"file": (io.BytesIO(content), name)})


def confirm(client: FlaskClient, **values: str):
    found = re.search(r'name="sha256" value="(\w+)"', client.get(PAGE).text)
    return client.post(f"{PAGE}/confirmation", data={"sha256": found.group(1) if found else "", **values})


def mandates() -> list[Mandate]:
    set_scope(EVERYTHING)
    db.session.rollback()
    return list(db.session.scalars(select(Mandate).order_by(Mandate.id)))


def faults(house: House, *lines: dict[str, str]) -> list[list[str]]:
    read = read_lines(a_csv(*lines))
    judge(read, house.finance)
    return [line.faults for line in read]


def test_a_dry_run_shows_everything_and_writes_nothing(house: House, browser) -> None:
    customer = a_customer(house.reseller)
    client = browser(house.finance)
    lines = a_csv(GOOD, GOOD | {"rum": "OLD-2", "client": customer.uid, "iban": OTHER_IBAN[:-1] + "7"})
    assert upload(client, lines).location == PAGE
    page = client.get(PAGE).text
    for words in ("reprise.csv", "OLD-1", "OLD-2", "laissée de côté", "FR76 •••• •••• 0189", customer.name):
        assert words in page
    assert IBAN not in page
    assert mandates() == []
    sealed = db.session.scalars(select(Draft)).one()
    assert IBAN not in sealed.content_sealed


def test_with_a_faulty_line_nothing_is_imported_unless_it_may_be_left_out(house: House, browser) -> None:
    a_customer(house.reseller)
    client = browser(house.operator)
    upload(client, a_csv(GOOD, GOOD | {"rum": "OLD-2", "signe_le": "31/02/2024"}))
    assert confirm(client).status_code == 422
    assert mandates() == []
    assert confirm(client, skip="y").status_code == 303
    (mandate,) = mandates()
    assert (mandate.rum, mandate.state, mandate.signed_on) == ("OLD-1", "signed", date(2024, 3, 2))
    assert mandate.iban == IBAN
    assert mandate.broken_link() is None
    assert [row.event["what"] for row in mandate.events] == ["repris d'un autre système"]
    assert mandate.problem(DUE) is None
    assert client.get(f"/sepa/mandates/{mandate.uid}").status_code == 200
    assert client.get(f"/sepa/mandates/{mandate.uid}/evidence.zip").status_code == 200
    assert confirm(client).status_code == 409  # the file is used up
    assert len(mandates()) == 1


def test_what_was_changed_since_the_dry_run_is_judged_again(house: House, browser) -> None:
    customer = a_customer(house.reseller)
    client, other = browser(house.finance), browser(house.operator)
    upload(client, a_csv(GOOD))
    upload(other, a_csv(GOOD))
    shown = re.search(r'name="sha256" value="(\w+)"', other.get(PAGE).text).group(1)
    assert confirm(client).status_code == 303
    late = other.post(f"{PAGE}/confirmation", data={"sha256": shown, "skip": "y"})
    assert late.status_code == 422  # the reference exists by now
    assert [mandate.customer_id for mandate in mandates()] == [customer.id]


def test_only_the_file_that_was_shown_is_imported(house: House, browser) -> None:
    a_customer(house.reseller)
    client = browser(house.finance)
    upload(client, a_csv(GOOD))
    assert client.post(f"{PAGE}/confirmation", data={"sha256": "0" * 64}).status_code == 409
    client.post(f"{PAGE}/withdrawal")
    assert client.post(f"{PAGE}/confirmation", data={"sha256": "0" * 64}).status_code == 409
    assert mandates() == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rum": ""}, "RUM"),
        ({"rum": "A//B"}, "RUM"),
        ({"rum": "X" * 36}, "35"),
        ({"client": "123456789"}, "client inconnu"),
        ({"client": ""}, "client inconnu"),
        ({"iban": ""}, "vide"),
        ({"iban": "FR7630006000011234567890188"}, "clé de l'IBAN"),
        ({"iban": "FR0630006000011234567890188"}, "clé RIB"),
        ({"schema": "COR1"}, "CORE ou B2B"),
        ({"titulaire": ""}, "titulaire"),
        ({"titulaire": "日本"}, "titulaire"),
        ({"titulaire": "x" * 71}, "titulaire"),
        ({"signataire": "x" * 71}, "signataire"),
        ({"signe_le": ""}, "date de signature"),
        ({"signe_le": "demain"}, "signe_le"),
        ({"signe_le": "24/11/2026"}, "aujourd'hui"),
        ({"signe_le": "02/03/2023"}, "caduc"),
        ({"signe_le": "02/03/2019", "dernier_prelevement_le": "23/11/2023"}, "caduc"),
        ({"dernier_prelevement_le": "01/03/2024"}, "après la signature"),
        ({"dernier_prelevement_le": "01/03/2028"}, "avenir"),
        ({"banque_confirmee_le": "24/11/2026"}, "confirmation"),
        ({"rum_origine": "old-1"}, "RUM actuelle"),
        ({"rum_origine": "A//B"}, "RUM d'origine"),
        ({"ics_origine": "FR15ZZZ588627"}, "ICS actuel"),
        ({"ics_origine": "FR14ZZZ123456"}, "ICS d'origine"),
        ({"creancier_origine": "日本"}, "créancier d'origine"),
    ],
)
def test_each_fault_is_told(house: House, changes: dict[str, str], words: str) -> None:
    a_customer(house.reseller)
    (found,) = faults(house, GOOD | changes)
    assert any(words in fault for fault in found), found


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"signe_le": "2024-03-02"},
        {"client": "732 829 320"},
        {"iban": "fr76 3000 6000 0112 3456 7890 189"},
        {"signe_le": "02/03/2019", "dernier_prelevement_le": "24/11/2023"},  # lapses tomorrow
        {"signe_le": "23/11/2026"},
        {"schema": "b2b"},
        {"ics_origine": "FR72ZZZ123456", "rum_origine": "VIEUX-1", "creancier_origine": "Ancien"},
    ],
)
def test_a_line_at_the_border_is_good(house: House, changes: dict[str, str]) -> None:
    a_customer(house.reseller)
    assert faults(house, GOOD | changes) == [[]]


def test_a_consumer_has_no_mandate_between_businesses(house: House) -> None:
    customer = a_customer(house.reseller, kind=CustomerKind.CONSUMER, siren=None)
    (found,) = faults(house, GOOD | {"client": customer.uid, "schema": "B2B"})
    assert any("professionnels" in fault for fault in found)


def test_a_reference_is_used_once_whatever_its_case(house: House) -> None:
    existing = a_signed_mandate(house)
    twice = faults(house, GOOD | {"rum": "Abc"}, GOOD | {"rum": "aBC"}, GOOD | {"rum": existing.rum.lower()})
    assert [len(found) for found in twice] == [1, 1, 1]
    assert "plusieurs fois" in twice[0][0] and "existe déjà" in twice[2][0]


def test_a_siren_of_two_customers_decides_nothing(house: House) -> None:
    a_customer(house.reseller)
    other = a_customer(house.other)
    assert "plusieurs clients" in faults(house, GOOD)[0][0]
    assert faults(house, GOOD | {"client": other.uid}) == [[]]


def test_after_a_take_over_the_bank_is_told_the_former_values(house: House, browser) -> None:
    a_customer(house.reseller)
    client = browser(house.finance)
    upload(client, a_csv(GOOD | {"rum_origine": "VIEUX-1", "ics_origine": "FR72ZZZ123456"}))
    confirm(client)
    (mandate,) = mandates()
    told = Amendment(original_rum="VIEUX-1", original_ics="FR72ZZZ123456")
    assert pending_amendments([mandate.id]) == {mandate.id: told}
    assert "VIEUX-1" in client.get(f"/sepa/mandates/{mandate.uid}").text


@pytest.mark.slow
def test_two_thousand_lines_are_judged_and_imported(house: House, browser) -> None:
    a_customer(house.reseller)
    client = browser(house.finance)
    upload(client, a_csv(*(GOOD | {"rum": f"OLD-{number:05d}"} for number in range(2000))))
    assert "Importer 2000 mandats" in client.get(PAGE).text
    assert confirm(client).status_code == 303
    set_scope(EVERYTHING)
    assert db.session.scalar(select(func.count(Mandate.id))) == 2000


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Choisissez un fichier CSV"),
        (b"\x00\xff\xfe", "Colonnes absentes"),
        (b"rum;client\nA;B\n", "Colonnes absentes"),
        (a_csv().encode(), "aucune ligne"),
        (a_csv(*[GOOD] * 5001).encode(), "5000 lignes au plus"),
    ],
)
def test_an_unreadable_file_is_refused_next_to_its_field(house, browser, content: bytes, words: str) -> None:
    answer = upload(browser(house.finance), content)
    assert answer.status_code == 422
    assert words in answer.text.replace("\u202f", "").replace("&#39;", "'")


def test_the_template_is_read_again_and_spreadsheets_of_any_kind(house: House, browser) -> None:
    a_customer(house.reseller)
    template = browser(house.finance).get("/sepa/mandates/import/template.csv")
    lines = read_lines(template.get_data().decode("utf-8-sig"))
    judge(lines, house.finance)
    assert [line.faults for line in lines] == [[]]
    for delimiter in ";,\t":
        assert len(read_lines(a_csv(GOOD, delimiter=delimiter))) == 1


@pytest.mark.parametrize("role", [Role.OWNER, Role.SALES, Role.READER, Role.SUPPORT, Role.TECHNICIAN])
def test_only_the_provider_takes_mandates_over(house: House, browser, role: Role) -> None:
    client = browser(house.people[role])
    assert client.get(PAGE).status_code == 403
    assert upload(client, a_csv(GOOD)).status_code == 403
    assert client.get(f"{PAGE}/template.csv").status_code == 403


def test_each_person_has_a_file_of_her_own(house: House, browser) -> None:
    a_customer(house.reseller)
    upload(browser(house.finance), a_csv(GOOD))
    colleague = a_user(house.provider, Role.FINANCE, "autre")
    colleague.email = "autre@finance.example"
    db.session.commit()
    assert "OLD-1" not in browser(colleague).get(PAGE).text
