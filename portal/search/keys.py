"""Numbers and names by which a record is found, kept beside it where both databases look them up.

A number is kept twice, read from its beginning and from its end, so that its last figures find it too.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Select, delete, event, exists, inspect, select
from sqlalchemy.orm import aliased

from portal.access import RESELLER
from portal.accounts.models import Organisation, OrganisationKind
from portal.db import db, within
from portal.leaves import add_rows
from portal.paging import first_of
from portal.search.models import SearchKey
from portal.search.near import backwards
from portal.search.registry import AT_MOST, Sought
from portal.search.words import begins, sign_of, words_of

Words = Callable[[Any], list[str]]
WORDS: dict[str, Words] = {}  # of a record, by the name of its table
_FEWEST = 3  # signs of a number that are looked up


def of_numbers(*numbers: str | None) -> list[str]:
    """A number from its beginning and from its end."""
    signs = [sign for sign in map(sign_of, filter(None, numbers)) if sign]
    return [*signs, *map(backwards, signs)]


def of_ends(*numbers: str | None) -> list[str]:
    """A number that only its last signs find, such as a masked account."""
    return [backwards(sign) for sign in map(sign_of, filter(None, numbers)) if sign]


def above(path: str) -> str:
    """The path one level up."""
    return path[: path.rstrip("/").rfind("/") + 1]


def rows_of_keys(kind: str, row: Any) -> list[dict[str, Any]]:
    """The rows of one record of this table; of anything that has its columns."""
    own = {"kind": kind, "subject_id": row.id, "above": above(row.org_path), "org_path": row.org_path}
    return [own | {"word": word} for word in dict.fromkeys(WORDS[kind](row))]


def keyed(model: Any, *names: str) -> Callable[[Words], Words]:
    """Keep the words that the decorated function gives of a record; it reads the columns ``names``."""

    def register(words: Words) -> Words:
        kind = model.__tablename__
        WORDS[kind] = words

        @event.listens_for(model, "after_insert")
        def add(_mapper: Any, connection: Any, row: Any) -> None:
            add_rows(connection, SearchKey, rows_of_keys(kind, row))

        @event.listens_for(model, "after_delete")
        def drop(_mapper: Any, connection: Any, row: Any) -> None:
            mine = SearchKey.kind == kind, SearchKey.subject_id == row.id
            connection.execute(delete(SearchKey.__table__).where(*mine))

        @event.listens_for(model, "after_update")
        def renew(mapper: Any, connection: Any, row: Any) -> None:
            if any(inspect(row).attrs[name].history.has_changes() for name in (*names, "org_path")):
                drop(mapper, connection, row)
                add(mapper, connection, row)

        return words

    return register


def by_number(model: Any, actor: Any, sought: Sought) -> list[Any]:
    """Records whose number begins or ends with what was typed, the highest first."""
    sign = sign_of(sought.text)
    is_number = any(c.isdigit() for c in sign) or "-" in sought.text
    if len(sign) < _FEWEST or not is_number:
        return []
    ids: list[int] = []
    for word in (sign, backwards(sign)):
        found = _ids(model.__tablename__, actor, word).order_by(
            SearchKey.word.desc(), SearchKey.subject_id.desc()
        )
        ids += first_of(found, AT_MOST)
    return _rows(model, actor, ids)


def by_name(model: Any, actor: Any, sought: Sought) -> list[Any]:
    """Records with a word that begins with each word that was typed."""
    words = sorted(words_of(sought.text), key=len, reverse=True)
    if not words:
        return []
    found = _ids(model.__tablename__, actor, words[0])
    for word in words[1:]:
        other = aliased(SearchKey)
        same = other.kind == SearchKey.kind, other.subject_id == SearchKey.subject_id
        found = found.where(exists().where(*same, begins(other.word, word)))
    return _rows(model, actor, first_of(found.order_by(SearchKey.word, SearchKey.subject_id), AT_MOST))


def _ids(kind: str, actor: Any, word: str) -> Select[Any]:
    query = select(SearchKey.subject_id).where(SearchKey.kind == kind, begins(SearchKey.word, word))
    query = query.where(within(SearchKey, actor.org_path))
    if actor.role in RESELLER:
        return query.where(SearchKey.above.in_([each.org_path for each in resellers_below(actor)]))
    if actor.is_customer:
        return query.where(SearchKey.above == above(actor.org_path))
    return query


def resellers_below(actor: Any) -> list[Organisation]:
    """The actor's own organisation and the resellers under it, whose customers are theirs."""
    query = select(Organisation).where(
        within(Organisation, actor.org_path), Organisation.kind == OrganisationKind.RESELLER
    )
    return list(db.session.scalars(query))


def _rows(model: Any, actor: Any, ids: list[int]) -> list[Any]:
    """Of these ids, in their order, the records that the actor may see."""
    wanted = list(dict.fromkeys(ids))
    query = model.visible_to(actor).where(model.id.in_(wanted))
    found = {row.id: row for row in first_of(query, len(wanted))} if wanted else {}
    return [found[key] for key in wanted if key in found]
