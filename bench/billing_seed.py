"""Resellers of 500 customers each; every customer owes this month of one subscription, by a signed mandate.

Prints what the other parts of the measurement ask for: the cookie of finance, and whose rows count.
"""

import json
import sys

from app import create_app
from bench.scale_debits import write_mandates
from bench.scale_seed import finish, write_product, write_tree
from bench.writer import Writer
from portal import clock
from portal.access import Role
from portal.accounts.models import open_sign_in
from portal.db import EVERYTHING, db, set_scope
from tests.builders import a_customer, a_house


def seed(count: int) -> dict[str, int | str]:
    set_scope(EVERYTHING)
    house = a_house()
    writer = Writer(count)
    first = write_tree(writer, house)
    write_product(writer, months=1)
    month = clock.today().replace(day=1)
    writer.write(
        "subscription",
        1,
        "s",
        customer_id="c.id",
        legal_entity_id="1",
        product_id="1",
        product_name="'Poste'",
        plan="'annual'",
        terms_stack="'natso'",
        terms_versions="'[\"000-2026\"]'" + ("::json" if writer.postgres else ""),
        billing_months="1",
        quantity="1",
        unit_cents="4990",
        includes_vat="false",
        vat_basis_points="2000",
        method="'direct_debit'",
        version="1",
        order_uid=writer.uid("d"),
        started_on=f"'{month}'",
        billed_before=f"'{month}'",
        state="'active'",
    )
    write_mandates(count)
    finish()
    own = a_customer(house.reseller, name="Facturé à la main", siren=None, accepted="")
    _row, token = open_sign_in(house.people[Role.OWNER], address="127.0.0.1", browser="bench")
    db.session.commit()
    return {"first": first, "last": first + count - 1, "by_hand": own.id, "cookie": token}


with create_app().app_context():
    print(json.dumps(seed(int(sys.argv[1]))))
