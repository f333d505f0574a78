from typing import Any

from portal.catalogue.models import Plan, Product
from portal.db import db
from tests.builders import House


def a_product(house: House, **values: Any) -> Product:
    defaults = dict(
        code="NB-WS",
        name="NATSO BACKUP+ Poste de travail",
        terms_stack="natso",
        plan=Plan.ANNUAL,
        billing_months=12,
        unit_name="licence",
        unit_cents=5988,
        price_includes_vat=True,
        vat_basis_points=2000,
        has_keys=True,
        key_product=3,
        is_on_sale=True,
    )
    product = Product(organisation=house.provider, **{**defaults, **values})
    db.session.add(product)
    db.session.commit()
    return product


def a_monthly_product(house: House, **values: Any) -> Product:
    return a_product(
        house,
        code="WS-M",
        name="WeSend mensuel",
        plan=Plan.MONTHLY,
        billing_months=1,
        has_keys=False,
        **{"terms_stack": "dropcloud", "unit_cents": 1200, **values},
    )


def a_flat_product(house: House, **values: Any) -> Product:
    return a_product(
        house,
        code="DB-36",
        name="Do'BaaS 36 mois",
        plan=Plan.THREE_YEARS,
        billing_months=1,
        unit_cents=30000,
        price_includes_vat=False,
        **{"terms_stack": "dobaas", "has_keys": False, **values},
    )
