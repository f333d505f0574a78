"""Whose rows one sees: the scope of a session, and row-level security under it."""

from typing import Any

import pytest
from sqlalchemy import inspect, literal, select, text, update
from sqlalchemy.orm import aliased

from portal.customers.models import Contact, ContactRole, Customer
from portal.db import EVERYTHING, Base, Pathed, db, kept_for, set_scope
from portal.paging import counts_of
from portal.resellers.models import LegalEntity
from portal.rooms import modules
from tests.builders import House, a_customer

list(modules())  # every model, as the application has them
SCOPED = sorted(
    mapper.class_.__tablename__ for mapper in Base.registry.mappers if issubclass(mapper.class_, Pathed)
)


def test_a_reseller_sees_her_customers_and_nobody_elses(house: House) -> None:
    mine = a_customer(house.reseller).uid
    a_customer(house.other, name="Autre")
    set_scope(house.reseller.org_path)
    db.session.expunge_all()
    assert [c.uid for c in db.session.scalars(select(Customer))] == [mine]


def test_without_a_scope_nothing_is_visible(house: House) -> None:
    a_customer(house.reseller)
    set_scope(None)
    assert db.session.scalars(select(Customer)).all() == []


def test_the_provider_sees_everybody(house: House) -> None:
    a_customer(house.reseller)
    a_customer(house.other, name="Autre")
    set_scope(house.provider.org_path)
    assert len(db.session.scalars(select(Customer)).all()) == 2


def names(scope: str | None, statement: Any) -> list[str]:
    set_scope(scope)
    return sorted(db.session.scalars(statement))


A = aliased(Customer)
SHAPES = {  # the same statement for everybody: the compiled one is found again, with other values
    "plain": lambda: select(Customer.name),
    "alias": lambda: select(A.name),
    "join": lambda: select(Customer.name).join(Contact).where(Contact.role == ContactRole.BILLING),
    "exists": lambda: select(Customer.name).where(select(A.id).where(A.id == Customer.id).exists()),
    "in": lambda: select(Customer.name).where(Customer.id.in_(select(Customer.id))),
    "seen from below": lambda: select(LegalEntity.name).join(Customer, literal(True)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_whoever_asks_next_gets_his_own(house: House, shape: str) -> None:
    a_customer(house.reseller, name="Un")
    a_customer(house.other, name="Deux", siren=None)
    above, mine, theirs = (node.org_path for node in (house.provider, house.reseller, house.other))
    everybody = names(EVERYTHING, SHAPES[shape]())
    for _twice in range(2):
        assert names(above, SHAPES[shape]()) == everybody
        seen = names(mine, SHAPES[shape]()), names(theirs, SHAPES[shape]())
        if shape == "seen from below":
            assert seen == (everybody[:1], everybody[:1]) and len(everybody) == 2
        else:
            assert seen == (["Un"], ["Deux"])
        assert names(None, SHAPES[shape]()) == []


def test_a_change_of_many_rows_stops_at_the_scope(house: House) -> None:
    rows = a_customer(house.reseller, name="Un"), a_customer(house.other, name="Deux", siren=None)
    paths = None, house.other.org_path, house.reseller.org_path
    for path, kept in zip(paths, (["Un", "Deux"], ["Un", "x"], ["x", "x"]), strict=True):
        set_scope(EVERYTHING)
        assert [row.name for row in rows]  # loaded: the session changes them by itself, as far as it may
        set_scope(path)
        db.session.execute(update(Customer).values(name="x"))
        assert [row.name for row in rows] == kept
        set_scope(EVERYTHING)
        db.session.expire_all()
        assert [row.name for row in rows] == kept


def test_what_a_row_loads_later_is_asked_in_the_scope_of_then(house: House) -> None:
    customer = a_customer(house.reseller)
    mine, theirs = house.reseller.org_path, house.other.org_path
    assert customer.name
    set_scope(theirs)
    assert customer.contacts == []
    set_scope(mine)
    db.session.expire(customer, ["contacts"])
    assert len(customer.contacts) == len(ContactRole)


def test_raw_sql_is_held_back_by_the_database_itself(house: House) -> None:
    if db.engine.dialect.name != "postgresql":
        assert db.engine.dialect.name == "sqlite"  # no row-level security there: the ORM is the wall
        return
    a_customer(house.other, name="Autre")
    set_scope(house.reseller.org_path)
    assert db.session.execute(text("select count(*) from customer")).scalar() == 0
    set_scope(EVERYTHING)
    assert db.session.execute(text("select count(*) from customer")).scalar() == 1


def test_no_plan_is_kept_from_one_scope_to_the_next(house: House) -> None:
    if db.engine.dialect.name != "postgresql":
        return  # SQLite plans for no values
    for path in (house.reseller.org_path, house.provider.org_path) * 5:
        set_scope(path)
        db.session.scalars(select(Customer)).all()
    kept = "select count(*) from pg_prepared_statements where statement like 'SELECT customer.%'"
    assert db.session.execute(text(kept)).scalar() == 0


@pytest.mark.parametrize("table", SCOPED)
def test_every_tenant_table_has_forced_row_level_security(tables: None, table: str) -> None:
    if db.engine.dialect.name != "postgresql":
        assert "org_path" in {c["name"] for c in inspect(db.session.connection()).get_columns(table)}
        return
    row = db.session.execute(
        text(
            "select c.relrowsecurity and c.relforcerowsecurity,"
            " (select count(*) from pg_policy p where p.polrelid = c.oid)"
            " from pg_class c where c.relname = :name"
        ),
        {"name": table},
    ).one()
    assert row == (True, 1)


def test_no_table_with_a_path_is_forgotten(tables: None) -> None:
    found = inspect(db.session.connection())
    with_path = {
        name
        for name in found.get_table_names()
        if "org_path" in {column["name"] for column in found.get_columns(name)}
    }
    assert with_path == set(SCOPED)


def test_the_database_role_cannot_step_over_the_wall(tables: None) -> None:
    if db.engine.dialect.name != "postgresql":
        return
    row = db.session.execute(
        text("select rolsuper or rolbypassrls from pg_roles where rolname = current_user")
    ).scalar()
    assert row is False


def test_many_counts_in_one_statement_stay_within_the_scope_too(house: House) -> None:
    for number, reseller in enumerate((house.reseller, house.reseller, house.other)):
        a_customer(reseller, name=f"C{number}", siren=None)
    db.session.commit()
    asked = {"all": select(Customer), "named": select(Customer).where(Customer.name == "C0")}
    for path, told in (
        (house.reseller.org_path, (2, 1)),
        (house.other.org_path, (1, 0)),
        (EVERYTHING, (3, 1)),
    ):
        set_scope(path)
        assert counts_of(asked, 100) == dict(zip(asked, told, strict=True))
    assert counts_of(asked, 2)["all"] == 2


def test_a_statement_that_is_kept_for_a_scope_shows_no_more_in_another_one(house: House) -> None:
    for number, reseller in enumerate((house.reseller, house.reseller, house.other)):
        a_customer(reseller, name=f"C{number}", siren=None)
    db.session.commit()
    kept = kept_for(house.reseller.org_path, select(Customer.name).order_by(Customer.name))
    for path, seen in (
        (house.reseller.org_path, ["C0", "C1"]),
        (house.other.org_path, []),
        (house.provider.org_path, ["C0", "C1"]),
        (None, []),
        (house.reseller.org_path, ["C0", "C1"]),
    ):
        set_scope(path)
        assert list(db.session.scalars(kept)) == seen, path
