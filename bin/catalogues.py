"""Collect the sentences to translate and keep both catalogues complete.

French is the source: its catalogue repeats each sentence with French typography (no-break spaces). English is
translated by hand in translations/en. ``--check`` fails when a sentence is new, unused or untranslated.
"""

import io
import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "_l": None, "lazy_gettext": None, "N_": None}
HEADER = "# Sentences of the portal. French is the source; see bin/catalogues.py."
NNBSP, NBSP = "\u202f", "\u00a0"


def extract() -> Catalog:
    with (ROOT / "babel.cfg").open() as config:
        methods, options = parse_mapping_cfg(config)
    catalog = Catalog(project="portal", charset="utf-8")
    found = extract_from_dir(str(ROOT), methods, options, keywords=KEYWORDS)
    for filename, _line, message, _comments, context in found:
        catalog.add(message, None, [(filename, 0)], context=context)
    return catalog


def typography(text: str) -> str:
    """French spacing: narrow no-break before ; ! ?, no-break before : and inside guillemets."""
    text = re.sub(r" ([;!?])", NNBSP + r"\1", text)
    text = re.sub(r" (:|»)", NBSP + r"\1", text)
    return text.replace("« ", "«" + NBSP)


def french(source: Catalog) -> Catalog:
    catalog = Catalog(locale="fr", project="portal", header_comment=HEADER, fuzzy=False)
    for message in source:
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = tuple(typography(text) for text in ids)
        catalog.add(message.id, texts if len(texts) > 1 else texts[0], message.locations)
    return catalog


def english(source: Catalog, path: Path) -> Catalog:
    catalog = Catalog(locale="en", project="portal", header_comment=HEADER, fuzzy=False)
    old = read_po(path.open("rb"), locale="en") if path.exists() else Catalog(locale="en")
    for message in source:
        if not message.id:
            continue
        known = old.get(message.id)
        catalog.add(message.id, known.string if known else None, message.locations)
    return catalog


def as_bytes(catalog: Catalog) -> bytes:
    out = io.BytesIO()
    write_po(out, catalog, sort_output=True, omit_header=False, width=110, include_lineno=False)
    # The header's dates would change the file at every run.
    return re.sub(
        rb'"(POT-Creation-Date|PO-Revision-Date|Generated-By|Language-Team|Last-Translator|Report-Msgid-Bugs-To)[^\n]*\n',
        b"",
        out.getvalue(),
    )


def untranslated(catalog: Catalog) -> list[str]:
    missing = []
    for message in catalog:
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id and not all(strings):
            missing.append(message.id[0] if isinstance(message.id, tuple) else message.id)
    return missing


def main() -> int:
    source = extract()
    paths = {name: ROOT / "translations" / name / "LC_MESSAGES" / "messages.po" for name in ("fr", "en")}
    wanted = {"fr": french(source), "en": english(source, paths["en"])}
    stale = [
        name
        for name, path in paths.items()
        if not path.exists() or path.read_bytes() != as_bytes(wanted[name])
    ]
    missing = untranslated(wanted["en"])
    if "--check" in sys.argv:
        for name in stale:
            print(f"translations/{name} : pas à jour, lancez « make catalogues »")
        for text in missing:
            print(f"pas traduit en anglais : {text!r}")
        return 1 if stale or missing else 0
    for name, path in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_bytes(wanted[name]))
    print(f"{len(wanted['fr'])} phrases, {len(missing)} à traduire en anglais")
    return 0


sys.exit(main())
