"""A house that lets people sign up, and the way of somebody who does."""

import json
import re
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.accounts.models import User
from portal.accounts.welcome import join
from portal.catalogue.models import Method, Product
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, set_scope
from portal.mail import Mail
from portal.signups.models import SignUp, SignUpKind, SignUpOffer, SignUpSettings, SignUpState, Trial
from portal.terms.in_force import stack_in_force
from portal.terms.texts import TermsText, text_of
from tests.builders import PASSWORD, House, work
from tests.subscriptions.builders import a_product

HER = "lea@boutique.example"
TYPED = {
    "kind": "business",
    "name": "Boutique Léa",
    "siren": "404833048",
    "street": "8 rue Haute",
    "postcode": "69001",
    "town": "Lyon",
    "country": "FR",
    "language": "fr",
    "health_data": "no",
    "billing-name": "Léa Roux",
    "billing-email": HER,
    "billing-phone": "0102030405",
    "quantity": "2",
    "method": "wire",
    "wish": "trial",
}
ENTRY = {
    name: TYPED[name]
    for name in ("kind", "name", "siren", "street", "postcode", "town", "country", "language")
}
SIGNER = {"agree": "y", "entitled": "y", "signer_name": "Léa Roux", "signer_role": "gérante"}


def open_page(house: House, product: Product | None = None, **values: Any) -> Product:
    """The page is open: this product may be tried for 30 days with 2 seats, ordered, and asked about."""
    product = product or a_product(house)
    keep_words(product)
    rules = db.session.scalars(select(SignUpSettings)).first()
    if rules is None:
        rules = SignUpSettings(organisation=house.provider, is_open=True, erase_days=30, warn_days=7)
        rules.house = house.reseller
        db.session.add(rules)
    offer = {"trial_days": 30, "trial_seats": 2, "may_order": True, "may_ask": True, **values}
    db.session.add(SignUpOffer(organisation=house.provider, product_id=product.id, **offer))
    db.session.commit()
    return product


def keep_words(product: Product) -> None:
    """Something to read in the place of each text of its contract."""
    for document in stack_in_force(product.terms_stack, clock.today()).documents:
        if text_of(document.sha256) is None:
            db.session.add(TermsText(sha256=document.sha256, content=b"Conditions", suffix="txt"))


def a_confirmed_sign_up(house: House, product: Product, customer: Customer) -> SignUp:
    """A quote that a person of the house is to write."""
    row = SignUp(
        organisation=house.reseller,
        kind=SignUpKind.QUOTE,
        state=SignUpState.OPEN,
        product_id=product.id,
        quantity=3,
        method=Method.WIRE,
        customer=customer,
        confirmed_at=clock.now(),
    )
    row.entry = json.dumps({**ENTRY, "contact": ["Léa Roux", HER, ""]})
    db.session.add(row)
    db.session.flush()
    return row


def ask(phone: FlaskClient, product: Product, *, host: str = "", **typed: str) -> Any:
    where = {"base_url": f"http://{host}"} if host else {}
    return phone.post("/sign-up", data={**TYPED, "product": product.uid, **typed}, **where)


def last_mail_to(address: str = HER, kind: str = "") -> Mail:
    set_scope(EVERYTHING)
    query = select(Mail).where(Mail.recipient == address).order_by(Mail.id.desc())
    query = query.where(Mail.kind == f"signups/mail_{kind}") if kind else query
    return db.session.scalars(query).first()


def token_to(address: str = HER) -> str:
    return last_mail_to(address, "confirm").body.split("/sign-up/")[1].split()[0]


def confirm(phone: FlaskClient, token: str, address: str = HER) -> Any:
    """Read, agree where there is a contract, and type the code."""
    page = phone.get(f"/sign-up/{token}").text
    shown = re.search(r'name="shown"[^>]*value="([^"]*)"', page)
    answer = phone.post(f"/sign-up/{token}", data={**SIGNER, "shown": shown.group(1)} if shown else {})
    assert answer.location == f"/sign-up/{token}/code", answer.text
    code = re.search(r"(\d{3}) (\d{3})", last_mail_to(address, "code").body)
    return phone.post(f"/sign-up/{token}/code", data={"code": "".join(code.groups())})


def sign_up(phone: FlaskClient, product: Product, **typed: str) -> str:
    """Asked for and confirmed; the token of the link."""
    address = typed.get("billing-email", HER)
    assert ask(phone, product, **typed).status_code == 303
    token = token_to(address)
    answer = confirm(phone, token, address)
    assert answer.location == f"/sign-up/{token}", answer.text
    work()
    set_scope(EVERYTHING)
    return token


def her_user(address: str = HER) -> User:
    """She has followed her invitation and chosen a password."""
    set_scope(EVERYTHING)
    user = db.session.scalars(select(User).where(User.email == address)).one()
    if user.joined_at is None:
        user.set_password(PASSWORD)
        join(user)
        db.session.commit()
    return user


def the_sign_up() -> SignUp:
    set_scope(EVERYTHING)
    return db.session.scalars(select(SignUp).order_by(SignUp.id.desc())).first()


def the_trial() -> Trial:
    set_scope(EVERYTHING)
    return db.session.scalars(select(Trial).order_by(Trial.id.desc())).first()
