"""One person, several memberships: address, password and second factors leave the account for a row of hers.

The code of the release before goes on writing accounts while this one is deployed: their address and password
stay as columns that nobody else reads, and a trigger takes what it writes there over to the person.
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0120"
down_revision = "20261129_0110"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_FACTORS = ("passkey", "totp", "recovery_code")
_PASSWORD = ("password_given_at", "password_chosen_at")
_NEW_PERSON = (
    "INSERT INTO person (uid, created_at, email, password_hash) "
    "VALUES (NEW.uid, NEW.created_at, NEW.email, NEW.password_hash) ON CONFLICT (email) DO NOTHING;"
)
_JOINED = "CASE WHEN NEW.password_hash <> '' THEN NEW.created_at END"
_ON_SQLITE = (
    f"""CREATE TRIGGER account_of_before AFTER INSERT ON user_account WHEN NEW.person_id IS NULL BEGIN {_NEW_PERSON}
    UPDATE user_account SET person_id = (SELECT id FROM person WHERE email = NEW.email), joined_at = {_JOINED}
    WHERE id = NEW.id; END""",
    """CREATE TRIGGER password_of_before AFTER UPDATE OF password_hash ON user_account
    WHEN NEW.password_hash IS NOT NULL AND NEW.password_hash <> '' BEGIN
    UPDATE person SET password_hash = NEW.password_hash WHERE id = NEW.person_id;
    UPDATE user_account SET joined_at = coalesce(joined_at, created_at) WHERE id = NEW.id; END""",
)
_ON_POSTGRES = (
    f"""CREATE FUNCTION account_of_before() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.person_id IS NULL THEN {_NEW_PERSON}
            NEW.person_id := (SELECT id FROM person WHERE email = NEW.email); NEW.joined_at := {_JOINED};
        END IF;
    ELSIF NEW.password_hash <> '' AND NEW.password_hash IS DISTINCT FROM OLD.password_hash THEN
        UPDATE person SET password_hash = NEW.password_hash WHERE id = NEW.person_id;
        NEW.joined_at := coalesce(NEW.joined_at, NEW.created_at);
    END IF; RETURN NEW; END $$""",
    """CREATE TRIGGER account_of_before BEFORE INSERT OR UPDATE ON user_account
    FOR EACH ROW EXECUTE FUNCTION account_of_before()""",
)


def _on_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _see_everything() -> None:
    if _on_postgres():
        op.execute("SELECT set_config('app.scope', '/', true)")


def upgrade() -> None:
    _see_everything()
    op.create_table(
        "person",
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("password_given_at", _AT),
        sa.Column("password_chosen_at", _AT),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.UniqueConstraint("uid", name=op.f("uq_person_uid")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
    )
    columns = "uid, created_at, email, password_hash, password_given_at, password_chosen_at"
    # The name of a person is that of her account: cookies of known devices and passkeys carry it.
    op.execute(f"INSERT INTO person ({columns}) SELECT {columns} FROM user_account ORDER BY id")
    op.add_column("user_account", sa.Column("person_id", sa.Integer()))
    op.add_column("user_account", sa.Column("joined_at", _AT))
    op.execute(
        "UPDATE user_account SET person_id = (SELECT person.id FROM person WHERE person.uid = user_account.uid), "
        "joined_at = CASE WHEN password_hash <> '' THEN created_at END"
    )
    with op.batch_alter_table("user_account") as batch:
        for name in _PASSWORD:
            batch.drop_column(name)
        batch.alter_column("email", existing_type=sa.String(254), nullable=True)
        batch.alter_column("password_hash", existing_type=sa.String(200), nullable=True)
        batch.create_foreign_key(op.f("fk_user_account_person_id"), "person", ["person_id"], ["id"])
        batch.create_unique_constraint(
            op.f("uq_user_account_person_id_organisation_id"), ["person_id", "organisation_id"]
        )
    for table in _FACTORS:
        _give_to_person(table)
    for statement in _ON_POSTGRES if _on_postgres() else _ON_SQLITE:
        op.execute(sa.text(statement.replace(":=", r"\:=")))


def _give_to_person(table: str) -> None:
    if _on_postgres():
        op.execute(f"DROP POLICY tenant ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.add_column(table, sa.Column("person_id", sa.Integer()))
    op.execute(
        f"UPDATE {table} SET person_id = "
        f"(SELECT user_account.person_id FROM user_account WHERE user_account.id = {table}.user_id)"
    )
    for name in ("user_id", "org_path", "organisation_id"):
        op.drop_index(op.f(f"ix_{table}_{name}"), table)
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(f"fk_{table}_user_id", type_="foreignkey")
        batch.drop_constraint(f"fk_{table}_organisation_id", type_="foreignkey")
        for name in ("user_id", "organisation_id", "org_path"):
            batch.drop_column(name)
        batch.alter_column("person_id", existing_type=sa.Integer(), nullable=False)
        batch.create_foreign_key(op.f(f"fk_{table}_person_id"), "person", ["person_id"], ["id"])
    op.create_index(op.f(f"ix_{table}_person_id"), table, ["person_id"])


def downgrade() -> None:
    """Each person keeps her first account; her other memberships are closed and lose their address."""
    _see_everything()
    op.execute("DROP TRIGGER account_of_before" + (" ON user_account" if _on_postgres() else ""))
    op.execute("DROP FUNCTION account_of_before()" if _on_postgres() else "DROP TRIGGER password_of_before")
    op.execute("UPDATE user_account SET email = NULL")
    for name in _PASSWORD:
        op.add_column("user_account", sa.Column(name, _AT))
    hers = "FROM person WHERE person.id = user_account.person_id"
    first = "(SELECT min(other.id) FROM user_account AS other WHERE other.person_id = user_account.person_id)"
    op.execute(
        f"UPDATE user_account SET email = CASE WHEN id = {first} THEN (SELECT person.email {hers}) "
        f"ELSE uid || '@retire.invalid' END, password_hash = (SELECT person.password_hash {hers}), "
        f"password_given_at = (SELECT person.password_given_at {hers}), "
        f"password_chosen_at = (SELECT person.password_chosen_at {hers})"
    )
    op.execute(
        f"UPDATE user_account SET password_hash = '', is_enabled = false WHERE id <> {first}"
    )
    for table in _FACTORS:
        _give_to_account(table)
    with op.batch_alter_table("user_account") as batch:
        batch.drop_constraint(op.f("uq_user_account_person_id_organisation_id"), type_="unique")
        batch.drop_constraint(op.f("fk_user_account_person_id"), type_="foreignkey")
        batch.drop_column("person_id")
        batch.drop_column("joined_at")
        batch.alter_column("email", existing_type=sa.String(254), nullable=False)
        batch.alter_column("password_hash", existing_type=sa.String(200), nullable=False)
    op.drop_table("person")


def _give_to_account(table: str) -> None:
    for name, kind in (("user_id", sa.Integer()), ("organisation_id", sa.Integer()), ("org_path", _PATH)):
        op.add_column(table, sa.Column(name, kind))
    hers = f"FROM user_account WHERE user_account.person_id = {table}.person_id"
    op.execute(f"UPDATE {table} SET user_id = (SELECT min(user_account.id) {hers})")
    for name in ("organisation_id", "org_path"):
        own = f"FROM user_account WHERE user_account.id = {table}.user_id"
        op.execute(f"UPDATE {table} SET {name} = (SELECT user_account.{name} {own})")
    op.drop_index(op.f(f"ix_{table}_person_id"), table)
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(op.f(f"fk_{table}_person_id"), type_="foreignkey")
        batch.drop_column("person_id")
        for name, kind in (("user_id", sa.Integer()), ("organisation_id", sa.Integer()), ("org_path", _PATH)):
            batch.alter_column(name, existing_type=kind, nullable=False)
        batch.create_foreign_key(op.f(f"fk_{table}_user_id"), "user_account", ["user_id"], ["id"])
        batch.create_foreign_key(
            op.f(f"fk_{table}_organisation_id"), "organisation", ["organisation_id"], ["id"]
        )
    for name in ("user_id", "org_path", "organisation_id"):
        op.create_index(op.f(f"ix_{table}_{name}"), table, [name])
    protect(table)
