"""Run the portal on this machine: key agent, worker and web server, until Ctrl-C.

A worker or agent that dies is started again; the web server's end ends everything.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
DATA = Path(os.environ.get("DATA_DIR", ROOT / "instance")).resolve()


def commands(port: str) -> dict[str, list[str]]:
    return {
        "agent": [sys.executable, "-m", "portal.engine.key_agent", "--socket", str(DATA / "key-agent.sock")],
        "worker": [str(BIN / "flask"), "worker"],
        "web": [
            str(BIN / "gunicorn"), "app:create_app()", "--bind", f"127.0.0.1:{port}", "--workers", "2",
            "--threads", "4", "--worker-class", "gthread", "--timeout", "60", "--log-level", "warning",
        ],
    }  # fmt: skip


def main() -> int:
    port = os.environ.get("PORT", "8000")
    wanted = commands(port)
    children = {name: subprocess.Popen(command, cwd=ROOT) for name, command in wanted.items()}
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
    for child in children.values():
        child.terminate()
    for child in children.values():
        try:
            child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            child.kill()
    return 0 if stopping[0] in (signal.SIGTERM, signal.SIGINT) else 1


sys.exit(main())
