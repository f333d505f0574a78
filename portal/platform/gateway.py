"""The narrow door to a platform: send one message, and fetch statuses. A folder, or calls over HTTP.

Both carry the same JSON, which docs/operations.md describes.
"""

import io
import json
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from portal.db import new_uid
from portal.folders import Folder
from portal.journal import SYSTEM
from portal.platform.models import M, Platform, PlatformMessage, Way
from portal.public_places import ask_for

_MOST_BYTES = 1 << 20  # of an answer, or of one file of statuses


class Away(Exception):
    """Nobody answers, or not as agreed: it is tried again later."""


class Answer(NamedTuple):
    """refused: the platform's words; "" where it takes the message."""

    refused: str = ""


class Fetched(NamedTuple):
    """Statuses as told. cursor: from where to ask next. name: of their file."""

    told: list[Any]
    cursor: str = ""
    name: str = ""


class Gateway(Protocol):
    """Raises Away, or OSError, where the platform cannot be reached."""

    def prepare(self, message: PlatformMessage, body: bytes) -> bool:
        """Put it down where a second attempt finds it; False where there is nothing to put down."""

    def send(self, message: PlatformMessage, body: bytes) -> Answer: ...

    def statuses(self, cursor: str) -> Iterator[Fetched]: ...

    def settle(self, fetched: Fetched) -> None:
        """They are kept: they need not be told again."""


def gateway_of(platform: Platform) -> Gateway:
    return _Drop(platform) if platform.way == Way.FOLDER else _Calls(platform)


class _Drop:
    def __init__(self, platform: Platform) -> None:
        self.folder = Folder(platform.folder or "", root="PLATFORM_DIR")
        self.folder.make()

    def prepare(self, message: PlatformMessage, body: bytes) -> bool:
        message.place = f"{message.uid}-{new_uid()}.json"
        self.folder.write_ready(message.place, io.BytesIO(body))
        message.move_on("prepare", by=SYSTEM)
        return True

    def send(self, message: PlatformMessage, body: bytes) -> Answer:
        assert message.state == M.READY, "its place is committed"
        self.folder.put_out(message.place, f"{message.identifier}.json")
        message.place = ""
        return Answer()

    def statuses(self, cursor: str) -> Iterator[Fetched]:
        for each in self.folder.lying():
            if each.is_half or not each.real.endswith(".json"):
                continue
            if each.size_bytes > _MOST_BYTES:
                raise Away(f"{each.name} : {each.size_bytes}")
            told = _told((self.folder.inbox / each.real).read_bytes(), each.name)
            yield Fetched(told["statuses"], cursor, each.real)

    def settle(self, fetched: Fetched) -> None:
        (self.folder.inbox / fetched.name).rename(self.folder.done / f"{new_uid()}-{fetched.name}"[-200:])


class _Calls:
    def __init__(self, platform: Platform) -> None:
        self.address, self.token = str(platform.address), str(platform.token or "")

    def prepare(self, message: PlatformMessage, body: bytes) -> bool:
        return False

    def _headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **more}

    def send(self, message: PlatformMessage, body: bytes) -> Answer:
        path = "documents" if message.einvoice_id else "reports" if message.report_id else "statuses"
        headers = self._headers(**{"Idempotency-Key": message.identifier})
        answer, text = ask_for(
            "POST", f"{self.address}/{path}", body=body, headers=headers, most_bytes=_MOST_BYTES
        )
        if answer.isdigit() and 200 <= int(answer) < 300:
            return Answer()
        if answer in {"400", "422"}:
            return Answer(_reason(text) or answer)
        raise Away(answer)

    def statuses(self, cursor: str) -> Iterator[Fetched]:
        address = f"{self.address}/statuses?after={quote(cursor, safe='')}"
        answer, text = ask_for("GET", address, headers=self._headers(), most_bytes=_MOST_BYTES)
        if answer != "200":
            raise Away(answer)
        told = _told(text, "statuses")
        yield Fetched(told["statuses"], str(told.get("cursor") or cursor)[:200])

    def settle(self, fetched: Fetched) -> None:
        pass


def _told(text: bytes, name: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        raise Away(f"{name} : JSON") from None
    if not isinstance(told, dict) or not isinstance(told.get("statuses"), list):
        raise Away(f"{name} : statuses")
    return told


def _reason(text: bytes) -> str:
    try:
        told = json.loads(text)
    except ValueError:
        return ""
    return str(told.get("reason", ""))[:300] if isinstance(told, dict) else ""
