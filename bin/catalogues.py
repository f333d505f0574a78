"""Collect the sentences to translate and keep the English catalogue complete.

French is the source and has no catalogue; portal/typography.py adds its no-break spaces. English is
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
sys.path.insert(0, str(ROOT))

from portal.terms.law import parts_of  # noqa: E402
from portal.terms.shipped import documents  # noqa: E402

KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "_l": None, "lazy_gettext": None, "N_": None}
HEADER = "# Sentences of the portal. French is the source; see bin/catalogues.py."
ENGLISH = ROOT / "translations" / "en" / "LC_MESSAGES" / "messages.po"


def extract() -> Catalog:
    with (ROOT / "babel.cfg").open() as config:
        methods, options = parse_mapping_cfg(config)
    catalog = Catalog(project="portal", charset="utf-8")
    found = extract_from_dir(str(ROOT), methods, options, keywords=KEYWORDS)
    for filename, _line, message, _comments, context in found:
        catalog.add(message, None, [(filename, 0)], context=context)
    for document in documents().values():  # what is remarked on a contract's values
        for value in document.values.values():
            for part in parts_of(value.note):
                catalog.add(part, None, [(f"portal/terms/documents/{document.code}.toml", 0)])
    return catalog


def english(source: Catalog) -> Catalog:
    catalog = Catalog(locale="en", project="portal", header_comment=HEADER, fuzzy=False)
    old = read_po(ENGLISH.open("rb"), locale="en")
    for message in source:
        if not message.id:
            continue
        known = old.get(message.id)
        same_kind = known is not None and known.pluralizable == message.pluralizable
        catalog.add(message.id, known.string if known and same_kind else None)
    return catalog


def as_bytes(catalog: Catalog) -> bytes:
    out = io.BytesIO()
    write_po(out, catalog, sort_output=True, omit_header=False, width=110)
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
    wanted = english(extract())
    missing = untranslated(wanted)
    if "--check" in sys.argv:
        stale = ENGLISH.read_bytes() != as_bytes(wanted)
        if stale:
            print("translations/en : pas à jour, lancez « make catalogues »")
        for text in missing:
            print(f"pas traduit en anglais : {text!r}")
        return 1 if stale or missing else 0
    ENGLISH.write_bytes(as_bytes(wanted))
    print(f"{len(wanted)} phrases, {len(missing)} à traduire en anglais")
    return 0


sys.exit(main())
