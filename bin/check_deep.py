"""What takes longer than a commit may: parts list, secrets, and rules of our own about the code.

Its tools have an environment of their own, pinned by hashes like the others. Writes build/sbom.json, the list
of all libraries that the portal runs with (CycloneDX). Needs no other machine once it is installed.

    python bin/check_deep.py --known   accept what looks like a secret now (tests and examples)
"""

import hashlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = Path(os.environ.get("VENV", ROOT / ".venv")).resolve().with_name(".venv-deep")
LOCKED = ROOT / "requirements" / "deep.txt"
KNOWN = ROOT / "checks" / "known_secrets.json"
NO_CODE = ("requirements/", "checks/known", "translations/", "tests/previous_release/", "package-lock.json")


def tools() -> Path:
    """The folder of the programs, installed once for each list of versions."""
    done = VENV / f"done-{hashlib.sha256(LOCKED.read_bytes()).hexdigest()[:16]}"
    if not done.exists():
        venv.create(VENV, with_pip=True, clear=True)
        install = [VENV / "bin" / "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*install, "-r", LOCKED], check=True)
        done.touch()
    return VENV / "bin"


def printed(*command: object) -> str:
    words = [str(word) for word in command]
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


def parts(programs: Path) -> int:
    Path("build").mkdir(exist_ok=True)
    command = [programs / "cyclonedx-py", "requirements", "requirements/base.txt", "-o", "build/sbom.json"]
    return subprocess.call(command)


def secrets(programs: Path) -> int:
    """Whatever looks like a secret and is not known as an example: its place, never its text."""
    listed = printed("git", "ls-files").splitlines()
    files = [name for name in listed if not name.startswith(NO_CODE) and Path(name).is_file()]
    found = json.loads(printed(programs / "detect-secrets", "scan", *files))["results"]
    marks = {name: sorted({each["hashed_secret"] for each in all_}) for name, all_ in found.items()}
    if "--known" in sys.argv:
        KNOWN.write_text(json.dumps(marks, indent=1, sort_keys=True) + "\n")
    known = json.loads(KNOWN.read_text())
    new = [
        f"{name}:{each['line_number']}: {each['type']}"
        for name, all_ in found.items()
        for each in all_
        if each["hashed_secret"] not in known.get(name, [])
    ]
    print("\n".join(new), end="\n" if new else "")
    return int(bool(new))


def rules(programs: Path) -> int:
    command = [programs / "semgrep", "--config", "checks/semgrep.yml", "--metrics=off", "--error", "--quiet"]
    command += ["--disable-version-check", "portal", "templates", "app.py", "bin", "migrations", "deploy"]
    return subprocess.call(command)


def main() -> int:
    os.chdir(ROOT)
    programs, codes = tools(), []
    for step in (parts, secrets, rules):
        codes.append(step(programs))
        print(f"   {step.__name__}: {'ok' if codes[-1] == 0 else f'exit {codes[-1]}'}", flush=True)
    return max(codes)


sys.exit(main())
