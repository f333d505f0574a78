"""The same debits through an independent library must give the same elements."""

import random
from datetime import date, timedelta

from lxml import etree
from sepaxml import SepaDD

from portal.sepa.formats.pain008 import Address
from tests.sepa.builders import IBAN, ICS, MONDAY, SWISS_IBAN, a_file, a_group, a_line

ROW = "{urn:iso:std:iso:20022:tech:xsd:pain.008.001.08}DrctDbtTxInf"
ROWS = 1000
NAMES = ["Boulangerie Dupont", "Crème & Été SARL".replace("& ", "+ "), "Ångström AB", "O'Neil (2)"]


def a_random_line(draw: random.Random, number: int):
    address = Address(street="rue du Lac", building="12", postcode="1200", town="Genève", country="CH")
    swiss = draw.random() < 0.3
    return a_line(
        end_to_end_id=f"E2E-{number}",
        amount_cents=draw.choice([1, 9, 10, 99, 100, draw.randrange(1, 10**9)]),
        rum=f"RUM/{number}-x",
        signed_on=date(2024, 1, 1) + timedelta(days=draw.randrange(1000)),
        debtor_name=draw.choice(NAMES),
        debtor_iban=SWISS_IBAN if swiss else IBAN,
        debtor_bic=draw.choice([None, "AGRIFRPP"]),
        address=address if swiss else None,
        remittance=f"Facture n. {number}, échéance 12/2026",
    )


def through_sepaxml(lines) -> bytes:
    config = {"name": "Hopla SAS", "IBAN": IBAN, "batch": True, "creditor_id": ICS, "currency": "EUR"}
    other = SepaDD(config, schema="pain.008.001.08", clean=True)
    for line in lines:
        payment = {
            "name": line.debtor_name,
            "IBAN": line.debtor_iban,
            "amount": line.amount_cents,
            "type": "RCUR",
            "collection_date": MONDAY,
            "mandate_id": line.rum,
            "mandate_date": line.signed_on,
            "description": line.remittance,
            "endtoend_id": line.end_to_end_id,
        }
        if line.debtor_bic:
            payment["BIC"] = line.debtor_bic
        if line.address:
            payment["address"] = {
                "street_name": line.address.street,
                "building_number": line.address.building,
                "postcode": line.address.postcode,
                "town": "Geneve",  # the library leaves addresses as they are
                "country": line.address.country,
            }
        other.add_payment(payment)
    return other.export(validate=False)


def canonical_rows(xml: bytes) -> list[str]:
    parser = etree.XMLParser(remove_blank_text=True)
    rows = etree.fromstring(xml, parser).iter(ROW)
    return [etree.canonicalize(etree.tostring(row, with_tail=False).decode()) for row in rows]


def test_1_000_random_debits_are_those_of_sepaxml():
    draw = random.Random(2026)
    lines = [a_random_line(draw, number) for number in range(ROWS)]
    ours = canonical_rows(a_file(a_group(*lines)).getvalue())
    assert len(ours) == ROWS
    assert ours == canonical_rows(through_sepaxml(lines))
