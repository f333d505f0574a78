"""Storage servers on the loopback address, for as long as a test needs them."""

import json
import logging
import shutil
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from portal.engine.port import RepoRef

SECRETS = {"AWS_ACCESS_KEY_ID": "A" * 20, "AWS_SECRET_ACCESS_KEY": "canari-stockage-1882"}
BUCKET = "coffres"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def rest_server(folder: Path, *options: str) -> Iterator[str]:
    """``rclone serve restic`` on a folder; gives the address of the repository inside."""
    assert shutil.which("rclone"), "rclone is missing: python3 bin/setup.py test"
    port = free_port()
    command = ["rclone", "serve", "restic", "--addr", f"127.0.0.1:{port}", "--config", "/dev/null", *options]
    server = subprocess.Popen([*command, str(folder)], stderr=subprocess.DEVNULL)
    try:
        _wait_for_port(port)
        yield f"rest:http://127.0.0.1:{port}/"
    finally:
        server.kill()
        server.wait()


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


class Bucket:
    """A bucket of a simulated S3, which counts what it is asked."""

    def __init__(self, port: int) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"
        self.asked: Counter[str] = Counter()
        self.refuse: Callable[[str, str], str | None] = lambda _method, _path: None
        self.client: Any = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=SECRETS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=SECRETS["AWS_SECRET_ACCESS_KEY"],
        )

    def repo(self, prefix: str) -> RepoRef:
        return RepoRef(f"s3:{self.endpoint}/{BUCKET}/{prefix}")

    def take(self, folder: Path, prefix: str) -> RepoRef:
        """Put a local repository there."""
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                key = f"{prefix}/{file.relative_to(folder).as_posix()}"
                self.client.put_object(Bucket=BUCKET, Key=key, Body=file.read_bytes())
        return self.repo(prefix)

    def left(self, prefix: str) -> list[str]:
        """Everything that is still there: versions, markers and unfinished uploads."""
        versions = self.client.list_object_versions(Bucket=BUCKET, Prefix=f"{prefix}/")
        uploads = self.client.list_multipart_uploads(Bucket=BUCKET, Prefix=f"{prefix}/")
        rows = [*versions.get("Versions", ()), *versions.get("DeleteMarkers", ())]
        return [row["Key"] for row in [*rows, *uploads.get("Uploads", ())]]


@contextmanager
def s3_server() -> Iterator[Bucket]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    port = free_port()
    inner = DomainDispatcherApplication(create_backend_app)
    bucket = Bucket(port)

    def counted(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        bucket.asked[f"{method} {path}"] += 1
        if (status := bucket.refuse(method, path)) is not None:
            start(status, [("Content-Length", "0")])
            return [b""]
        answer: Iterable[bytes] = inner(environ, start)
        return answer

    server = make_server("127.0.0.1", port, counted, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    bucket.client.create_bucket(Bucket=BUCKET)
    try:
        yield bucket
    finally:
        bucket.client.close()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def dated_server(folder: Path) -> Iterator[str]:
    """Lists and gives objects as rest-server does: with their time beside the content alone."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place = folder / self.path.strip("/")
            self.send_response(200)
            if place.is_dir():
                files = [file for file in place.rglob("*") if file.is_file()]
                rows = [{"name": file.name, "size": file.stat().st_size} for file in files]
                content = json.dumps(rows).encode()
            else:
                content = place.read_bytes()
                self.send_header("Last-Modified", formatdate(place.stat().st_mtime, usegmt=True))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_HEAD(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str((folder / self.path.strip("/")).stat().st_size))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with _serving(Handler) as address:
        yield f"rest:{address}/"


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def bad_server(status: int, *, silent_seconds: float = 0) -> Iterator[str]:
    """A server that answers everything with one status, or lets wait."""
    closing = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            closing.wait(silent_seconds)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_PUT = do_DELETE = do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with _serving(Handler) as address:
        try:
            yield address
        finally:
            closing.set()


@contextmanager
def listener() -> Iterator[tuple[str, Callable[[], bool]]]:
    """``host:port`` where somebody listens and says nothing; and whether anybody has called."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        one.settimeout(0.3)

        def was_called() -> bool:
            try:
                one.accept()[0].close()
            except TimeoutError:
                return False
            return True

        yield f"127.0.0.1:{one.getsockname()[1]}", was_called
