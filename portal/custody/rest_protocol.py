"""A vault in restic's REST protocol, to read: the customer's own restic decrypts on her own machine.

Credentials are in the Authorization header, no cookie takes part, and every answer is for a program.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import lru_cache
from itertools import chain, islice
from typing import NamedTuple

from flask import Blueprint, Flask, Response, current_app, g, request
from sqlalchemy import update

from portal import clock
from portal.access import public
from portal.custody.counting import tally
from portal.custody.models import VaultAccess, admitted
from portal.custody.rest_messages import (
    LISTINGS,
    BadRange,
    Part,
    asked_part,
    is_object,
    listed_kind,
    listing,
    listing_version,
    places,
)
from portal.db import EVERYTHING, db, set_scope, writing
from portal.engine.errors import EngineError, EngineFault
from portal.engine.installed import storage_credentials
from portal.engine.models import VaultState
from portal.engine.port import RepoRef
from portal.engine.stores import ObjectStore, open_store
from portal.engine.stores.objects import Access, Readable
from portal.web import csrf

bp = Blueprint("restic", __name__, url_prefix="/restic")
csrf.exempt(bp)  # no cookie takes part: the secret is the only credential

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
BLOCK = 1 << 16
_GONE = {EngineFault.REPO_MISSING, EngineFault.INCOMPLETE}
Head = dict[str, str]


class Found(NamedTuple):
    """An object, and which part of it is asked for."""

    name: str
    size: int
    part: Part | None


@bp.before_request
def speak_to_programs() -> None:
    g.json_api = True


@bp.route("/<path:path>", methods=METHODS)
@public("restic proves its right with the name and the secret of an access, in the Authorization header")
def serve(path: str) -> Response:
    """``<vault>/config``, ``<vault>/<kind>/`` and ``<vault>/<kind>/<name>``; nothing is ever written."""
    vault_uid, _, place = path.partition("/")
    access = admitted(*_credentials(), vault_uid)
    if access is None:
        return _plain(401, {"WWW-Authenticate": 'Basic realm="restic", charset="UTF-8"'})
    uid, repo, is_there = access.uid, access.vault.repo, access.vault.state == VaultState.ACTIVE
    is_first = access.first_used_at is None
    db.session.rollback()  # no transaction is held while the storage is read
    if request.method not in {"GET", "HEAD"}:
        return _counted(_plain(405, {"Allow": "GET, HEAD"}), uid)
    if not is_there or not (is_object(place) or listed_kind(place)):
        return _counted(_plain(404), uid)
    if is_first:
        _note_first_use(uid)
    try:
        return _counted(_answer(repo, place), uid)
    except EngineError as error:
        return _counted(_plain(404 if error.fault in _GONE else 502), uid)


def _credentials() -> tuple[str, str]:
    given = request.authorization
    if given is None or given.type != "basic":
        return "", ""
    return given.username or "", given.password or ""


def _answer(repo: RepoRef, place: str) -> Response:
    store = _store(repo, tuple(sorted(storage_credentials(repo).items())))
    kind = listed_kind(place)
    if kind is not None:
        return _listing(store, kind)
    found = _find(store, place, flat=repo.backend == "rest")
    if found is None:
        return _plain(404)
    try:
        part = asked_part(request.headers.get("Range"), found.size)
    except BadRange:
        return _plain(416, {"Content-Range": f"bytes */{found.size}"})
    return _content(store, found._replace(part=part))


@lru_cache(maxsize=64)
def _store(repo: RepoRef, credentials: tuple[tuple[str, str], ...]) -> ObjectStore:
    """One per vault, so that connections to its server are used again."""
    return open_store(repo, Access(dict(credentials)))


def _find(store: ObjectStore, place: str, *, flat: bool) -> Found | None:
    for name in places(place, flat=flat):
        if (size := store.size_of(name)) is not None:
            return Found(name, size, None)
    return None


def _listing(store: ObjectStore, kind: str) -> Response:
    version = listing_version(request.headers.get("Accept"))
    pieces = listing(((one.base, one.bytes) for one in store.listed(kind) if one.is_hashed), version)
    first = list(islice(pieces, 1))  # a storage that cannot be reached is told by the status
    return Response(chain(first, pieces), 200, content_type=LISTINGS[version])


def _content(store: ObjectStore, found: Found) -> Response:
    part = found.part or Part(0, found.size - 1)
    head = {"Accept-Ranges": "bytes", "Content-Length": str(part.length)}
    if found.part is not None:
        head["Content-Range"] = f"bytes {part.first}-{part.last}/{found.size}"
    status = 206 if found.part is not None else 200
    if request.method == "HEAD":
        return Response(status=status, headers=head, content_type="application/octet-stream")
    holding = ExitStack()
    last = part.last if found.part is not None else None
    source = holding.enter_context(store.open(found.name, part.first, last))
    response = Response(_blocks(source, part.length), status, head, content_type="application/octet-stream")
    response.call_on_close(holding.close)
    return response


def _blocks(source: Readable, length: int) -> Iterator[bytes]:
    """Exactly so many bytes; an object that ends early cuts the connection, which restic notices."""
    buffer = memoryview(bytearray(min(BLOCK, max(length, 1))))
    while length:
        read = source.readinto(buffer[:length])
        if not read:
            raise EOFError("the storage sent less than the object's size")
        yield bytes(buffer[:read])
        length -= read


def _plain(status: int, head: Head | None = None) -> Response:
    text = f"{status}\n"
    headers = {"Content-Length": str(len(text)), **(head or {})}
    return Response(text, status, headers, content_type="text/plain")


# Counting


def _note_first_use(uid: str) -> None:
    """Once, whatever number of connections restic opens."""
    address = request.remote_addr or ""
    db.session.rollback()
    with writing():
        set_scope(EVERYTHING)
        query = db.select(VaultAccess).where(VaultAccess.uid == uid, VaultAccess.first_used_at.is_(None))
        access = db.session.scalars(query.with_for_update()).one_or_none()
        if access is not None:
            access.note_first_use(address)
        db.session.commit()


def _counted(response: Response, uid: str) -> Response:
    """Count the request, and the bytes that really left, when the answer is over."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    sent = 0

    def passing(blocks: Iterator[bytes]) -> Iterator[bytes]:
        nonlocal sent
        for block in blocks:
            yield block
            sent += len(block)

    def write(counts: dict[str, tuple[int, int]]) -> None:
        _write(app, counts)

    response.response = passing(iter(response.response))  # type: ignore[arg-type]
    response.call_on_close(lambda: tally.add(uid, sent, write, float(app.config["COUNT_SECONDS"])))
    return response


def _write(app: Flask, counts: dict[str, tuple[int, int]]) -> None:
    with app.app_context(), writing():
        set_scope(EVERYTHING)
        for uid, (requests, sent) in counts.items():
            db.session.execute(
                update(VaultAccess)
                .where(VaultAccess.uid == uid)
                .values(
                    requests=VaultAccess.requests + requests,
                    bytes_sent=VaultAccess.bytes_sent + sent,
                    last_used_at=clock.now(),
                )
                .execution_options(synchronize_session=False)
            )
        db.session.commit()
