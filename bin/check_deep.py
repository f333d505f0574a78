"""What takes longer than a commit may: parts list, secrets, and rules of our own about the code.

Its tools have an environment of their own, pinned by hashes like the others. Writes build/sbom.json, the list
of all libraries that the portal runs with (CycloneDX). Needs no other machine once it is installed.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = Path(os.environ.get("VENV", ROOT / ".venv")).resolve().with_name(".venv-deep")
LOCKED = ROOT / "requirements" / "deep.txt"
NO_CODE = (
    "requirements/",
    "checks/secrets.baseline",
    "translations/",
    "tests/previous_release/",
    "package-lock.json",
)


def tools() -> Path:
    """The folder of the programs, installed once for each list of versions."""
    done = VENV / f"done-{hashlib.sha256(LOCKED.read_bytes()).hexdigest()[:16]}"
    if not done.exists():
        venv.create(VENV, with_pip=True, clear=True)
        install = [VENV / "bin" / "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*install, "-r", LOCKED], check=True)
        done.touch()
    return VENV / "bin"


def main() -> int:
    os.chdir(ROOT)
    programs = tools()
    Path("build").mkdir(exist_ok=True)
    listed = subprocess.run(
        ["git", "ls-files"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    files = [name for name in listed if not name.startswith(NO_CODE) and Path(name).is_file()]
    steps = {
        "parts": ["cyclonedx-py", "requirements", "requirements/base.txt", "-o", "build/sbom.json"],
        "secrets": ["detect-secrets-hook", "--baseline", "checks/secrets.baseline", *files],
        "rules": [
            *("semgrep", "--config", "checks/semgrep.yml", "--metrics=off", "--disable-version-check"),
            *("--error", "--quiet", "portal", "templates", "app.py", "bin", "migrations", "deploy"),
        ],
    }
    codes = []
    for name, (program, *words) in steps.items():
        codes.append(subprocess.call([str(programs / program), *words]))
        print(f"   {name}: {'ok' if codes[-1] == 0 else f'exit {codes[-1]}'}", flush=True)
    return max(codes)


sys.exit(main())
