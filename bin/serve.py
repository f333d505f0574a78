"""Run the portal on this machine: key agent, worker and web server, until Ctrl-C.

A worker or agent that dies is started again; the web server's end ends everything.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ACCOUNTS = """\
  Comptes de démonstration, mot de passe : demonstration-2026
    gerance@ouest.example        gérance d'un revendeur (aussi @nord.example, @sud.example)
    gerance@est.example          gérance d'un revendeur qui facture lui-même ses clients
    commerce@ouest.example       commerce      atelier@ouest.example   technicien du revendeur
    finance@portail.example      finance       technique@portail.example   technicien
    tresorerie@portail.example   deuxième personne de la finance, pour libérer les remises
    exploitation@portail.example exploitation  client@ouest.example    un client final
    direction@savonnerie.example une cliente en retard de paiement (aussi signature@, compta@, info@)
  Phrase secrète des coffres : phrase-de-demonstration-2026
"""

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
DATA = Path(os.environ.get("DATA_DIR", ROOT / "instance")).resolve()


def commands() -> dict[str, list[str]]:
    """The processes of one machine; deploy/gunicorn.py has the settings of the web server."""
    return {
        "agent": [sys.executable, "-m", "portal.engine.key_agent", "--socket", str(DATA / "key-agent.sock")],
        "worker": [str(BIN / "flask"), "worker"],
        "web": [str(BIN / "gunicorn"), "-c", str(ROOT / "deploy" / "gunicorn.py"), "app:create_app()"],
    }


def say_where(port: str, web: "subprocess.Popen[bytes]") -> None:
    """Wait for the first answer, then say where to go and as whom; nothing if the server has died."""
    for _ in range(300):
        if web.poll() is not None:
            return
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", int(port)), 0.2):
            break
        time.sleep(0.1)
    print(f"\n  http://localhost:{port}   (Ctrl-C arrête tout)\n", flush=True)
    if os.environ.get("DEMO") == "1":
        print(ACCOUNTS, flush=True)


def check_port(host: str, port: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError:
            sys.exit(
                f"Le port {port} est déjà pris : arrêtez l'autre programme, ou lancez « PORT=8001 make run »."
            )


def main() -> int:
    port = os.environ.get("PORT", "8000")
    host = os.environ.get("BIND", "127.0.0.1")  # all addresses: 0.0.0.0, behind a proxy only
    check_port(host, port)
    os.environ.update(BIND=host, PORT=port)
    os.environ.setdefault("PUBLIC_URL", f"http://localhost:{port}")  # a passkey belongs to a name
    if subprocess.run([str(BIN / "flask"), "check"], cwd=ROOT, check=False).returncode:
        return 1
    wanted = commands()
    children = {name: subprocess.Popen(command, cwd=ROOT) for name, command in wanted.items()}
    say_where(port, children["web"])
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopping.append(received))
    while not stopping:
        time.sleep(0.2)
        for name, child in children.items():
            if child.poll() is None:
                continue
            if name == "web":
                stopping.append(child.returncode or 1)
                break
            time.sleep(0.5)  # a child that cannot start must not spin
            children[name] = subprocess.Popen(wanted[name], cwd=ROOT)
    patience = float(os.environ.get("WORKER_PATIENCE_SECONDS", "20")) + 5
    for child in children.values():
        child.terminate()
    for child in children.values():
        try:
            child.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            child.kill()
    return 0 if stopping[0] in (signal.SIGTERM, signal.SIGINT) else 1


sys.exit(main())
