"""The proxy and the web server of a production, as deploy/ describes them, on free ports of this machine."""

import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.installation import ROOT, Installation, free_port, wait_for_port

DEPLOY = ROOT / "deploy"
NAME = "portal.example"


@contextmanager
def gunicorn(place: Installation, listening: socket.socket, **settings: str) -> Iterator[subprocess.Popen]:
    """The web server on a socket that somebody else has opened, as systemd hands it over."""
    environment = {
        **place.environment,
        "PUBLIC_URL": f"https://{NAME}",
        "PROXY_COUNT": "1",
        "WEB_WORKERS": "1",
        "WEB_THREADS": "4",
        "LISTEN_FDS": "1",
        **settings,
    }
    script = 'export LISTEN_PID=$$; exec "$@" 3<&"$FD"'
    command = ["bash", "-c", script, "bash", str(Path(sys.executable).parent / "gunicorn")]
    environment["FD"] = str(listening.fileno())
    with (place.folder / "web.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "-c", str(DEPLOY / "gunicorn.py"), "app:create_app()"],
            env=environment,
            cwd=ROOT,
            stdout=log,
            stderr=log,
            pass_fds=[listening.fileno()],
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def a_socket() -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", 0))
    listening.listen(128)
    listening.set_inheritable(True)
    return listening


@contextmanager
def nginx(folder: Path, web: int, vaults: int) -> Iterator[int]:
    """deploy/nginx.conf before two web servers; gives the port of its TLS."""
    plain, encrypted, tls = free_port(), free_port(), folder / "tls"
    make_certificate(tls)
    own = (DEPLOY / "nginx.conf").read_text()
    for mine, here in {
        "127.0.0.1:8000": f"127.0.0.1:{web}",
        "127.0.0.1:8001": f"127.0.0.1:{vaults}",
        "    listen [::]:80;\n": "",
        "    listen [::]:443 ssl http2;\n": "",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ": f"listen 127.0.0.1:{encrypted} ",
        "/etc/portal/tls": str(tls),
        "/var/log/nginx": str(folder),
    }.items():
        assert mine in own, mine
        own = own.replace(mine, here)
    (folder / "portal.conf").write_text(own)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/nginx.pid; worker_processes 1;\n"
        f"events {{ worker_connections 512; }}\nhttp {{ {paths} include {folder}/portal.conf; }}\n"
    )
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/sbin") or "nginx"
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx.log")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(encrypted)
        yield encrypted
    finally:
        process.terminate()
        process.wait()


def make_certificate(folder: Path) -> None:
    folder.mkdir()
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=portal.example",
    ]
    command += ["-addext", f"subjectAltName=DNS:{NAME}"]
    command += ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def a_production(place: Installation) -> Iterator[int]:
    """Web server, a server for what restic reads, proxy: each started as in production."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(a_socket()) for _ in range(2)]
        for listening in sockets:
            stack.enter_context(gunicorn(place, listening))
        web, vaults = (each.getsockname()[1] for each in sockets)
        yield stack.enter_context(nginx(place.folder, web, vaults))


def connection(place: Installation, port: int, *, receive: int = 0) -> ssl.SSLSocket:
    """A TLS connection that checks the certificate. receive: bytes of the buffer for what arrives."""
    context = ssl.create_default_context(cafile=str(place.folder / "tls" / "fullchain.pem"))
    raw = socket.socket()
    if receive:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    raw.settimeout(30)
    raw.connect(("127.0.0.1", port))
    return context.wrap_socket(raw, server_hostname=NAME)
