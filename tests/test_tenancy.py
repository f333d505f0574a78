"""Whose rows one sees: the scope of a session, and row-level security under it."""

import pytest
from sqlalchemy import inspect, select, text

from portal.customers.models import Customer
from portal.db import EVERYTHING, Base, Scoped, db, set_scope
from portal.rooms import modules
from tests.builders import House, a_customer

list(modules())  # every model, as the application has them
SCOPED = sorted(
    mapper.class_.__tablename__ for mapper in Base.registry.mappers if issubclass(mapper.class_, Scoped)
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


def test_raw_sql_is_held_back_by_the_database_itself(house: House) -> None:
    if db.engine.dialect.name != "postgresql":
        assert db.engine.dialect.name == "sqlite"  # no row-level security there: the ORM is the wall
        return
    a_customer(house.other, name="Autre")
    set_scope(house.reseller.org_path)
    assert db.session.execute(text("select count(*) from customer")).scalar() == 0
    set_scope(EVERYTHING)
    assert db.session.execute(text("select count(*) from customer")).scalar() == 1


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
