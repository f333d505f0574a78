"""A mailbox on loopback that can be told to fail: what a reader needs of RFC 3501 and RFC 6851."""

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_WORDS = re.compile(r'"[^"]*"|\([^)]*\)|\S+')


@dataclass
class Message:
    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set)


class ImapServer:
    """``folders`` are what it holds. ``drops`` names commands at which the connection is cut."""

    def __init__(self) -> None:
        self.folders: dict[str, list[Message]] = {"INBOX": [], "Done": []}
        self.drops: set[str] = set()
        self.said: list[str] = []
        self.port = 0
        self._uids = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    def deliver(self, raw: bytes) -> Message:
        self._uids += 1
        message = Message(self._uids, raw)
        self.folders["INBOX"].append(message)
        return message

    def start(self) -> None:
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", self.port), self._loop
        ).result(5)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        async def close() -> None:
            for writer in self._open:
                writer.close()
            if self._server is not None:
                self._server.close()
                await self._server.wait_closed()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(5)
        self._server = None

    def end(self) -> None:
        if self._server is not None:
            self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        writer.write(b"* OK [CAPABILITY IMAP4rev1 MOVE] ready\r\n")
        folder = "INBOX"
        try:
            while line := await reader.readline():
                tag, command, *words = [word.strip('"') for word in _WORDS.findall(line.decode())]
                name = f"UID {words.pop(0).upper()}" if command.upper() == "UID" else command.upper()
                self.said.append(name)
                if name in self.drops:
                    return
                folder = words[0] if name == "SELECT" else folder
                untagged, status = self._answer(name, words, folder)
                writer.write(b"".join(untagged) + f"{tag} {status}\r\n".encode())
                await writer.drain()
                if name == "LOGOUT":
                    return
        finally:
            self._open.discard(writer)
            writer.close()

    def _answer(self, name: str, words: list[str], folder: str) -> tuple[list[bytes], str]:
        match name:
            case "CAPABILITY":
                return [b"* CAPABILITY IMAP4rev1 MOVE\r\n"], "OK done"
            case "LOGIN":
                return [], "OK in" if words == ["tickets", "right"] else "NO [AUTHENTICATIONFAILED] wrong"
            case "SELECT" if folder in self.folders:
                return [f"* {len(self.folders[folder])} EXISTS\r\n".encode()], "OK [READ-WRITE] selected"
            case "UID SEARCH":
                found = [str(one.uid) for one in self.folders[folder] if _matches(one, words)]
                return [f"* SEARCH {' '.join(found)}\r\n".encode()], "OK found"
            case "UID FETCH" | "UID STORE" | "UID MOVE":
                return self._of_one(name, words, folder)
            case "LOGOUT":
                return [b"* BYE\r\n"], "OK out"
        return [], "OK done" if name == "EXPUNGE" else "BAD unknown"

    def _of_one(self, name: str, words: list[str], folder: str) -> tuple[list[bytes], str]:
        here = self.folders[folder]
        (one,) = [each for each in here if each.uid == int(words[0])]
        number = here.index(one) + 1
        if name == "UID MOVE":
            here.remove(one)
            self.folders[words[1]].append(one)
            return [f"* {number} EXPUNGE\r\n".encode()], "OK moved"
        if name == "UID STORE":
            one.flags |= set(re.findall(r"\\?\w+", " ".join(words[2:])))
            return [], "OK stored"
        if "RFC822.SIZE" in " ".join(words):
            return [f"* {number} FETCH (UID {one.uid} RFC822.SIZE {len(one.raw)})\r\n".encode()], "OK fetched"
        head = f"* {number} FETCH (UID {one.uid} BODY[] {{{len(one.raw)}}}\r\n".encode()
        return [head + one.raw + b")\r\n"], "OK fetched"


def _matches(message: Message, words: list[str]) -> bool:
    seen, flagged = "\\Seen" in message.flags, "\\Flagged" in message.flags
    wants = {"UNSEEN": not seen, "UNFLAGGED": not flagged, "FLAGGED": flagged}
    return all(wants[word] for word in words if word in wants)


@contextmanager
def an_imap_server() -> Iterator[ImapServer]:
    server = ImapServer()
    server.start()
    try:
        yield server
    finally:
        server.end()
