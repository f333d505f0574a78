"""Every sealed column of every table, found in the models: a new one takes part because it is there."""

from collections.abc import Iterator
from dataclasses import dataclass
from inspect import getattr_static
from typing import Any

from sqlalchemy import Column, Select, Table, select

from portal.crypto.secrets import Sealed
from portal.db import Base


@dataclass(frozen=True)
class SealedColumn:
    """A column of ciphertext and, where there is one, that of its blind index."""

    table: Table
    attribute: str
    sealed: Column[Any]
    descriptor: Sealed
    index: Column[Any] | None

    @property
    def name(self) -> str:
        return f"{self.table.name}.{self.attribute}"

    def context(self, uid: str) -> str:
        """What a value of the row ``uid`` is bound to."""
        return f"{self.name}:{uid}"

    def newest(self) -> Select[Any]:
        """The value (``sealed``) of the newest row (``uid``) that has one."""
        rows = select(self.table.c.uid, self.sealed.label("sealed")).where(self.sealed.is_not(None))
        return rows.order_by(self.table.c.id.desc()).limit(1)


def sealed_columns() -> list[SealedColumn]:
    """In the order of their names."""
    return sorted(_found(), key=lambda column: column.name)


def _found() -> Iterator[SealedColumn]:
    for mapper in Base.registry.mappers:
        table: Any = mapper.local_table
        for name in dir(mapper.class_):
            value = getattr_static(mapper.class_, name)
            if isinstance(value, Sealed):
                index = table.c.get(value.index_name(name))
                yield SealedColumn(table, name, table.c[f"{name}_sealed"], value, index)
