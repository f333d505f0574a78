"""Copy the locked npm files into static/vendor/, with an icon sprite and a manifest of hashes."""

import base64
import hashlib
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES, VENDOR = ROOT / "node_modules", ROOT / "static" / "vendor"
COPIES = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "fonts/inter-5.3.0-latin.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    "fonts/DejaVuSans.ttf": "dejavu-fonts-ttf/ttf/DejaVuSans.ttf",
    "fonts/DejaVuSans-Bold.ttf": "dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf",
}
ICON = re.compile(r"""(?:icon\(\s*|glyph=)["']([a-z0-9-]+)["']""")
QUOTED = re.compile(r'"([a-z0-9-]+)"')  # in Python, icons are named in tables


def check_versions() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    for name, version in wanted.items():
        installed = json.loads((MODULES / name / "package.json").read_text())["version"]
        if installed != version:
            sys.exit(f"{name} : {installed} est installé, {version} est attendu. Lancez « npm ci ».")


def used_icons() -> list[str]:
    names = {n for path in ROOT.glob("templates/**/*.html") for n in ICON.findall(path.read_text())}
    named = [
        *ROOT.glob("portal/words/*.py"),
        *ROOT.glob("portal/home/*.py"),
        *ROOT.glob("portal/*/*views.py"),
    ]
    tables = {n for path in named for n in QUOTED.findall(path.read_text())}
    known = {path.stem for path in (MODULES / "bootstrap-icons" / "icons").glob("*.svg")}
    return sorted(names | (tables & known))


def build_sprite() -> bytes:
    parts = ['<svg xmlns="http://www.w3.org/2000/svg">']
    for name in used_icons():
        svg = (MODULES / "bootstrap-icons" / "icons" / f"{name}.svg").read_text()
        body = re.sub(r"^.*?<svg[^>]*>|</svg>\s*$", "", svg, flags=re.S).strip()
        parts.append(f'<symbol id="{name}" viewBox="0 0 16 16">{body}</symbol>')
    return "".join([*parts, "</svg>"]).encode()


def main() -> None:
    check_versions()
    files = {name: (MODULES / source).read_bytes() for name, source in COPIES.items()}
    for name in files:
        if name.endswith((".css", ".js")):
            files[name] = re.sub(rb"/[/*][#@] sourceMappingURL=[^\n]*", b"", files[name])
    files["icons.svg"] = build_sprite()
    manifest = {}
    for name, content in files.items():
        target = VENDOR / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        digest = base64.urlsafe_b64encode(hashlib.sha384(content).digest()).decode()
        manifest[f"vendor/{name}"] = digest
    (VENDOR / "manifest.json").write_text(json.dumps(manifest, indent=1))
    print(f"{len(files)} fichiers dans {VENDOR.relative_to(ROOT)}")


main()
