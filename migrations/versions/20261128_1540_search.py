"""customers are found by town, number, e-mail and telephone too; records by their numbers, from either end"""

import re
import unicodedata
from collections import defaultdict

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261128_1540"
down_revision = "20261128_1535"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_AT_ONCE = 2000
_NUMBERS = {"invoice": "number", "proforma": "number", "batch": "msg_id", "mandate": "rum"}


def upgrade() -> None:
    op.create_table(
        "search_key",
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("word", _PATH, nullable=False),
        sa.Column("subject_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("above", _PATH, nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.PrimaryKeyConstraint("kind", "word", "subject_id", name=op.f("pk_search_key")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text("select set_config('app.scope', '/', true)"))
    _fill_words()
    _fill_keys()
    op.create_index("ix_search_key_above", "search_key", ["kind", "above", "word", "subject_id"])
    op.create_index("ix_search_key_subject", "search_key", ["kind", "subject_id"])
    op.create_index("ix_subscription_product", "subscription", ["product_id", "id"])
    protect("search_key")


def _fold(text: str) -> str:
    text = text.replace("œ", "oe").replace("Œ", "oe").replace("æ", "ae").replace("Æ", "ae")
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold().strip()


def _words(text: str) -> list[str]:
    return [part[:40] for part in re.split(r"[\W_]+", _fold(text)) if part]


def _address(email: str) -> list[str]:
    whole = _fold(email)
    return [f"@{whole}"[:200], f"@{whole.rpartition('@')[2]}"[:200]] if "@" in whole else []


def _figures(text: str) -> str:
    text = text.strip()
    figures = re.sub(r"[^0-9]", "", text.replace("(0)", ""))
    if text.startswith("+33"):
        return "0" + figures[2:]
    return "0" + figures[4:] if figures.startswith("0033") and len(figures) > 9 else figures


def _sign(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", _fold(text))


def _above(path: str) -> str:
    return path[: path.rstrip("/").rfind("/") + 1]


def _fill_words() -> None:
    """The words of the names are there; what else a customer is found by joins them."""
    bind = op.get_bind()
    names = ("customer_id", "word", "name_folded", "reseller_id", "org_path")
    table = sa.table("customer_word", *map(sa.column, names))
    last = 0
    chunk = sa.text(
        "SELECT id, name, name_folded, reseller_id, org_path, town, siren, siret FROM customer "
        "WHERE id > :last ORDER BY id LIMIT :size"
    )
    reached = sa.text("SELECT customer_id, email, phone FROM contact WHERE customer_id > :last AND customer_id <= :to")
    while customers := bind.execute(chunk, {"last": last, "size": _AT_ONCE}).all():
        contacts = defaultdict(list)
        for row in bind.execute(reached, {"last": last, "to": customers[-1].id}):
            contacts[row.customer_id] += [*_address(row.email), _figures(row.phone or "")]
        values = []
        for row in customers:
            known = set(_words(row.name))
            found = [*_words(row.town), row.siret or row.siren or "", *contacts[row.id]]
            values += [
                dict(zip(names, (row.id, word, row.name_folded, row.reseller_id, row.org_path), strict=True))
                for word in dict.fromkeys(found)
                if word and word not in known
            ]
        if values:
            op.bulk_insert(table, values)
        last = customers[-1].id


def _fill_keys() -> None:
    bind = op.get_bind()
    names = ("kind", "word", "subject_id", "above", "org_path")
    table = sa.table("search_key", *map(sa.column, names))
    columns = {kind: (number, "iban_masked" if kind == "mandate" else "NULL") for kind, number in _NUMBERS.items()}
    for kind, (number, account) in {**columns, "vault": ("name", "NULL")}.items():
        last = 0
        chunk = sa.text(
            f"SELECT id, org_path, {number} AS number, {account} AS account FROM {kind} "
            "WHERE id > :last ORDER BY id LIMIT :size"
        )
        while rows := bind.execute(chunk, {"last": last, "size": _AT_ONCE}).all():
            values = [
                dict(zip(names, (kind, word, row.id, _above(row.org_path), row.org_path), strict=True))
                for row in rows
                for word in dict.fromkeys(_keys(kind, row.number, row.account))
            ]
            if values:
                op.bulk_insert(table, values)
            last = rows[-1].id


def _keys(kind: str, number: str, account: str | None) -> list[str]:
    if kind == "vault":
        return _words(number)
    signs = [sign for sign in [_sign(number)] if sign]
    ends = [sign for sign in [_sign((account or "")[-4:])] if sign]
    return [*signs, *("<" + sign[::-1] for sign in [*signs, *ends])]


def downgrade() -> None:
    op.drop_index("ix_subscription_product", "subscription")
    op.drop_table("search_key")
    names = sa.text("SELECT id, name FROM customer ORDER BY id")
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        op.execute(sa.text("select set_config('app.scope', '/', true)"))
    word = sa.table("customer_word", sa.column("customer_id"), sa.column("word"))
    for row in bind.execute(names).all():
        kept = word.c.word.in_(_words(row.name))
        op.execute(sa.delete(word).where(word.c.customer_id == row.id, ~kept))
