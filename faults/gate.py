"""A way from the portal to one of its neighbours that can be shut, stalled, slowed, or lie."""

import contextlib
import socket
import threading
import time

_BLOCK = 16 * 1024
ERROR = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Gate:
    """Listens on a port of its own and passes everything on to another, as ``mode`` says.

    open: passes. shut: refuses. stalled: takes everything and passes nothing. slow: some kilobytes a second.
    error: answers each new HTTP request with 500.
    """

    def __init__(self, target: int) -> None:
        self.target, self.mode = target, "open"
        self._lines: set[socket.socket] = set()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def set(self, mode: str) -> None:
        """From now on; what is open is cut, unless it may go on as it is."""
        self.mode = mode
        if mode in {"shut", "error"}:
            self.cut()

    def cut(self) -> None:
        """End every connection, in the middle of whatever it says."""
        for line in list(self._lines):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            line, _ = self._listening.accept()
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with contextlib.suppress(OSError), line:
            if self.mode == "shut":
                return
            if self.mode == "error":
                line.recv(_BLOCK)
                line.sendall(ERROR)
                return
            with socket.create_connection(("127.0.0.1", self.target), 5) as further:
                further.settimeout(None)
                self._lines |= {line, further}
                back = threading.Thread(target=self._pump, args=(further, line), daemon=True)
                back.start()
                self._pump(line, further)
                back.join()
                self._lines -= {line, further}

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while block := source.recv(_BLOCK):
                while self.mode == "stalled":
                    time.sleep(0.05)
                if self.mode == "slow":
                    time.sleep(0.15)
                sink.sendall(block)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
