"""A sound batch, of which a test changes only what it is about."""

import io
from datetime import UTC, date, datetime

from portal.sepa.formats.pain008 import Address, BatchHeader, CollectionLine, Creditor, Group, write

IBAN = "FR7630006000011234567890189"
SWISS_IBAN = "CH9300762011623852957"
ICS = "FR15ZZZ588627"
TODAY = date(2026, 11, 21)
MONDAY = date(2026, 12, 7)
PARIS = Address(street="rue de la Paix", building="3 bis", postcode="75002", town="Paris", country="FR")


def a_creditor(**changes) -> Creditor:
    return Creditor(**{"name": "Hopla SAS", "iban": IBAN, "ics": ICS, "address": PARIS} | changes)


def a_line(**changes) -> CollectionLine:
    values = {
        "end_to_end_id": "FA-2026-000123-1",
        "amount_cents": 12345,
        "rum": "HOPLA-00000042",
        "signed_on": date(2026, 3, 2),
        "debtor_name": "Boulangerie Dupont",
        "debtor_iban": IBAN,
        "remittance": "Facture FA-2026-000123",
    }
    return CollectionLine(**values | changes)


def a_group(*lines: CollectionLine, **changes) -> Group:
    values = {
        "payment_info_id": "REMISE-7-1",
        "sequence_type": "RCUR",
        "collect_on": MONDAY,
        "count": len(lines),
        "total_cents": sum(line.amount_cents for line in lines),
        "lines": lines,
    }
    return Group(**values | changes)


def a_header(*groups: Group, **changes) -> BatchHeader:
    values = {
        "msg_id": "REMISE-7",
        "created_at": datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
        "scheme": "CORE",
        "count": sum(group.count for group in groups),
        "total_cents": sum(group.total_cents for group in groups),
    }
    return BatchHeader(**values | changes)


def a_file(*groups: Group, creditor: Creditor | None = None, as_of=TODAY, **header) -> io.BytesIO:
    groups = groups or (a_group(a_line()),)
    out = io.BytesIO()
    write(out, a_header(*groups, **header), creditor or a_creditor(), iter(groups), as_of=as_of)
    out.seek(0)
    return out
