"""A new release takes the socket over: who asks meanwhile waits, and nobody is refused."""

import socket
import threading
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.deploy.serving import a_socket, gunicorn
from tests.installation import Installs
from tests.vaulting import wait_for

pytestmark = pytest.mark.slow


def test_nobody_is_refused_while_the_server_is_replaced(an_installation: Installs, tmp_path: Path) -> None:
    statuses: list[int | str] = []
    over = threading.Event()

    def keep_asking(address: str) -> None:
        while not over.is_set():
            try:
                statuses.append(httpx.get(f"{address}/healthz", timeout=120).status_code)
            except httpx.HTTPError as error:
                statuses.append(repr(error))

    with an_installation(tmp_path) as place, closing(a_socket()) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        people = [threading.Thread(target=keep_asking, args=(address,)) for _ in range(2)]
        try:
            with gunicorn(place, listening, PROXY_COUNT="0"):
                assert httpx.get(f"{address}/healthz", timeout=120).status_code == 200
                for each in people:
                    each.start()
                wait_for(lambda: len(statuses) > 3)
            before = len(statuses)
            with gunicorn(place, listening, PROXY_COUNT="0"):
                assert httpx.get(f"{address}/healthz", timeout=120).status_code == 200
                wait_for(lambda: len(statuses) > before + 3)
                over.set()
                for each in people:
                    each.join()
        finally:
            over.set()
    assert set(statuses) == {200}


def test_a_request_that_runs_is_finished_first(an_installation: Installs, tmp_path: Path) -> None:
    with an_installation(tmp_path) as place, closing(a_socket()) as listening:
        port = listening.getsockname()[1]
        with gunicorn(place, listening, PROXY_COUNT="0") as server:
            assert httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=30).status_code == 200
            with closing(socket.create_connection(("127.0.0.1", port))) as line:
                line.sendall(b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\r\nema")
                time.sleep(0.3)
                server.terminate()
                time.sleep(0.3)
                line.sendall(b"il=x")
                line.settimeout(10)
                assert line.recv(100).startswith(b"HTTP/1.1 4")
