"""The database: base classes, types, and the tenant scope on SQLite and PostgreSQL.

Every row belongs to one organisation of one tree and carries that organisation's path. A session has a
*scope*, the path of whoever is acting: rows outside it are filtered from every ORM statement here, and by
row-level security on PostgreSQL. Without a scope nothing is visible.
"""

import secrets as token_source
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any, ClassVar, Self, TypeVar

from flask import Flask, has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    MetaData,
    Select,
    String,
    UnaryExpression,
    and_,
    bindparam,
    event,
    false,
    literal,
    or_,
    select,
)
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import (
    DeclarativeBase,
    LoaderCriteriaOption,
    Mapped,
    ORMExecuteState,
    Session,
    declared_attr,
    mapped_column,
    registry,
    with_loader_criteria,
)
from sqlalchemy.orm.interfaces import CriteriaOption
from sqlalchemy.sql.operators import custom_op
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import TypeDecorator

from portal import clock
from portal.connections import prepare_engine, reading_only, tell_scope

Ends = TypeVar("Ends", bound=Callable[..., Any])
AWAY = (OperationalError, InterfaceError)  # the database is locked, restarted or gone: time may cure it
_KEPT_FOR = "kept_for"  # an execution option: the scope whose criteria a statement has already
EVERYTHING = "/"  # scope of the system itself: sign-in, signed links, the worker choosing its task


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC instant on both engines (SQLite would drop the zone without converting)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime: instants are stored aware")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
_TYPES: dict[Any, Any] = {
    datetime: UtcDateTime(),
    StrEnum: Enum(
        StrEnum,
        native_enum=False,
        length=40,
        create_constraint=False,
        values_callable=lambda kind: [member.value for member in kind],
    ),
}


class Base(DeclarativeBase):
    registry = registry(metadata=MetaData(naming_convention=_NAMES), type_annotation_map=_TYPES)


# A session that joins an open transaction (the tests do) works inside a savepoint of its own.
db = SQLAlchemy(model_class=Base, session_options={"join_transaction_mode": "create_savepoint"})

# Paths compare byte by byte on both engines: the scope is a range, which keeps its index under RLS.
PathType = String(200).with_variant(String(200, collation="C"), "postgresql")


_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _LETTERS for second in _LETTERS]


def new_uid() -> str:
    """A public identifier: 80 random bits, 16 characters ``a-z2-7``."""
    bits = int.from_bytes(token_source.token_bytes(10))
    return "".join([_PAIRS[bits >> shift & 1023] for shift in range(0, 80, 10)])


class Row:
    """What every table has: a private number, a public identifier, a birth instant (UTC)."""

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(16), unique=True)
    created_at: Mapped[datetime] = mapped_column()

    def __init__(self, **values: Any) -> None:
        values.setdefault("uid", new_uid())
        values.setdefault("created_at", clock.now())
        super().__init__(**values)


class Pathed:
    """What lies somewhere in the tree of organisations, be it a row of its own or a part of one."""

    # True: organisations below see it too (an issuer's name, a number series), not only those above.
    seen_from_below: ClassVar[bool] = False

    org_path: Mapped[str] = mapped_column(PathType, index=True)

    @classmethod
    @lru_cache(maxsize=4096)  # a page asks for twenty of them, and changes none
    def visible_below(cls, path: str | None) -> Select[Any]:
        return select(cls).where(within(cls, path))

    @classmethod
    def visible_to(cls, actor: Any) -> Select[Any]:
        return cls.visible_below(actor.org_path)


class Scoped(Row, Pathed):
    """A row that lies somewhere in the tree of organisations."""


class Tenant(Scoped):
    """A row that belongs to one organisation; give it ``organisation=``, the path follows."""

    @declared_attr
    def organisation_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("organisation.id"), index=True)

    def __init__(self, *, organisation: Any, **values: Any) -> None:
        super().__init__(organisation_id=organisation.id, org_path=organisation.org_path, **values)


class Plain(UnaryExpression[Any]):
    """A column that SQLite shall not look up: it takes the root's range of paths, all of them, for narrow."""

    inherit_cache = True

    def __init__(self, column: Any) -> None:
        super().__init__(column, operator=custom_op("+"), type_=column.type)


@compiles(Plain)
def _as_it_is(plain: Any, compiler: Any, **kw: Any) -> str:
    return str(compiler.process(plain.element, **kw))


@compiles(Plain, "sqlite")
def _signed(plain: Any, compiler: Any, **kw: Any) -> str:
    return f"+{compiler.process(plain.element, **kw)}"


def instant(before: timedelta = timedelta()) -> BindParameter[datetime]:
    """The instant so long before the present one, asked whenever a statement runs."""
    return bindparam(None, callable_=lambda: clock.now() - before, type_=UtcDateTime(), unique=True)


def is_root(path: str) -> bool:
    """Is this the path below which everything lies?"""
    return path.count("/") == 2


@dataclass(frozen=True, slots=True)
class _Bounds:
    """A path, and the first one behind everything below it, as values of SQL."""

    path: BindParameter[str]
    end: BindParameter[str]
    is_root: bool

    @classmethod
    def of(cls, path: str) -> Self:
        end = path[:-1] + "0"  # '0' follows '/'
        return cls(literal(path, PathType), literal(end, PathType), is_root(path))

    def hold(self, cls: Any) -> ColumnElement[bool]:
        own = Plain(cls.org_path) if self.is_root else cls.org_path
        below = and_(own >= self.path, own < self.end)
        return or_(below, self.path.like(cls.org_path + "%")) if cls.seen_from_below else below


def within(cls: Any, path: str | None) -> Any:
    """SQL condition: the rows of ``cls`` that somebody acting from ``path`` may see."""
    return false() if path is None else _Bounds.of(path).hold(cls)


def set_scope(path: str | None) -> None:
    """Whose rows this session may touch from now on: an organisation's path, or ``EVERYTHING``."""
    session = db.session()
    session.info["scope"] = path
    if session.in_transaction() and db.engine.dialect.name == "postgresql":
        tell_scope(session.connection(), path)


@contextmanager
def scope(path: str) -> Iterator[None]:
    """Act inside another scope for the length of the block."""
    before = db.session().info.get("scope")
    set_scope(path)
    try:
        yield
    except BaseException:
        with suppress(SQLAlchemyError):  # a transaction that broke cannot be told; what broke it goes on up
            set_scope(before)
        raise
    set_scope(before)


@event.listens_for(Session, "after_begin")
def _announce_scope(session: Session, transaction: Any, connection: Any) -> None:
    tell_scope(connection, session.info.get("scope"))


@event.listens_for(Session, "do_orm_execute")
def _filter_by_scope(state: ORMExecuteState) -> None:
    path = state.session.info.get("scope")
    if (
        path == EVERYTHING
        or (path is not None and state.execution_options.get(_KEPT_FOR) == path)
        or state.is_column_load
        or not (state.is_select or state.is_update or state.is_delete)
    ):
        return
    state.statement = state.statement.options(_within_scope(path))


def kept_for(path: str, statement: Select[Any]) -> Select[Any]:
    """A statement that is kept and run again and again in one scope, with the criteria of that scope in it.

    In any other scope it is given the criteria of that one too. What was worked out of it, is so once.
    """
    return statement.options(_within_scope(path)).execution_options(**{_KEPT_FOR: path})


class _WithinScope(CriteriaOption):
    """One option that holds the criteria of every kind of row.

    All of them compare with the same few values, so only those enter the key under which the database
    library finds the compiled statement again: sixty options by themselves cost three times the query.
    It does not travel with loaded rows, since what they load later asks for the scope again.
    """

    _traverse_internals: ClassVar = [
        ("values", InternalTraversal.dp_clauseelement_list),
        ("is_root", InternalTraversal.dp_boolean),
    ]
    propagate_to_loaders = False

    def __init__(self, path: str | None) -> None:
        self._bounds = None if path is None else _Bounds.of(path)
        self.values = [self._bounds.path, self._bounds.end] if self._bounds else []
        self.is_root = self._bounds is not None and self._bounds.is_root

    @cached_property
    def parts(self) -> list[LoaderCriteriaOption]:
        """Made when a statement is compiled: whoever finds hers compiled needs none of them."""
        kinds = [m.class_ for m in Base.registry.mappers if issubclass(m.class_, Pathed)]
        return [
            with_loader_criteria(
                kind,
                self._bounds.hold(kind) if self._bounds else false(),
                include_aliases=True,
                propagate_to_loaders=False,
            )
            for kind in kinds
        ]

    def process_compile_state(self, compile_state: Any) -> None:
        self.get_global_criteria(compile_state.global_attributes)

    def get_global_criteria(self, attributes: dict[Any, Any]) -> None:
        for part in self.parts:
            part.get_global_criteria(attributes)


@lru_cache(maxsize=512)
def _within_scope(path: str | None) -> _WithinScope:
    """The same object for every query of a scope."""
    return _WithinScope(path)


@contextmanager
def reading() -> Iterator[None]:
    """Declare that the block only reads: on SQLite it then never waits for a writer."""
    token = reading_only.set(True)
    try:
        yield
    finally:
        reading_only.reset(token)


@contextmanager
def writing() -> Iterator[None]:
    """Declare that the block writes although its request only asked to read (a log of visits)."""
    token = reading_only.set(False)
    try:
        yield
    finally:
        reading_only.reset(token)


def commits(function: Ends) -> Ends:
    """Say that a function ends a transaction though it is no view, job or command: the suite asks."""
    return function


def init_app(app: Flask) -> None:
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)

    @app.before_request
    def declare_intent() -> None:
        reading_only.set(request.method in {"GET", "HEAD", "OPTIONS"})

    @app.teardown_request
    def forget_intent(_error: BaseException | None) -> None:
        reading_only.set(reading_only.get() and not has_request_context())

    app.teardown_appcontext(let_go)


def let_go(_error: BaseException | None = None) -> None:
    """Give up what is open, also on a connection that broke: it spoils no answer that is already made."""
    try:
        if db.session.registry.has():
            db.session.rollback()
    except SQLAlchemyError:
        db.session().invalidate()
