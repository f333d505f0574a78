"""The papers of a sealed export: how to open it, in French and in English, and its checksums."""

from collections.abc import Mapping, Sequence

from portal.engine.documents import SUMS, checksum_line

DAMAGED = "DAMAGED.txt"

_FRENCH = """\
VOS SAUVEGARDES, TELLES QUE NOUS LES CONSERVIONS

Les fichiers sealed-001.tar et suivants ({volumes} en tout) contiennent votre dépôt de sauvegarde complet :
toutes les machines et toutes les versions encore conservées. Il est chiffré. Seule votre phrase secrète
l'ouvre ; nous ne l'avons pas. Sans elle, personne ne peut lire ces données.
{damage}
1. Installez restic (version 0.14 ou plus récente), un logiciel libre : https://restic.net
   Debian, Ubuntu : sudo apt install restic          Fedora : sudo dnf install restic
   macOS : brew install restic                       Windows : winget install restic.restic

2. Placez tous les fichiers .tar dans un même dossier, ouvrez-y un terminal et dépliez-les un par un :
       tar -xf sealed-001.tar
   Chacun complète le dossier « repo ». L'ordre est sans importance.

3. Contrôlez que rien ne manque (Linux ; sous macOS : shasum -a 256 -c SHA256SUMS) :
       sha256sum --quiet -c SHA256SUMS

4. Listez vos sauvegardes ; restic demande la phrase secrète :
       restic -r repo snapshots

5. Récupérez la dernière d'une machine dans le dossier « restauration » :
       restic -r repo restore latest --host NOM-DE-LA-MACHINE --target restauration
   Pour une autre date, remplacez « latest » par l'identifiant affiché à l'étape 4.
"""
_FRENCH_DAMAGE = """
ATTENTION : {count} objet(s) de ce dépôt sont endommagés. Ils sont livrés tels quels et listés dans
DAMAGED.txt. Les fichiers qui en dépendent ne pourront pas être récupérés entièrement ; les autres
ne sont pas touchés.
"""
_ENGLISH = """\
YOUR BACKUPS, AS WE STORED THEM

The files sealed-001.tar and following ({volumes} in all) hold your whole backup repository: every machine and
every version still kept. It is encrypted. Only your passphrase opens it; we do not have it. Without the
passphrase nobody can read this data.
{damage}
1. Install restic (version 0.14 or later), which is free software: https://restic.net
   Debian, Ubuntu: sudo apt install restic           Fedora: sudo dnf install restic
   macOS: brew install restic                        Windows: winget install restic.restic

2. Put all .tar files into one folder, open a terminal there and unpack them one after the other:
       tar -xf sealed-001.tar
   Each adds to the folder "repo", in any order.

3. Check that nothing is missing (Linux; on macOS: shasum -a 256 -c SHA256SUMS):
       sha256sum --quiet -c SHA256SUMS

4. List your backups; restic asks for the passphrase:
       restic -r repo snapshots

5. Restore the latest one of a machine into the folder "restored":
       restic -r repo restore latest --host NAME-OF-THE-MACHINE --target restored
   For another date, write the identifier shown in step 4 instead of "latest".
"""
_ENGLISH_DAMAGE = """
WARNING: {count} object(s) of this repository are damaged. They are delivered as they are and listed in
DAMAGED.txt. Files that need them cannot be restored in full; the others are not affected.
"""


def papers(digests: Mapping[str, str], damaged: Sequence[str], volumes: int) -> dict[str, str]:
    """Name and text of each paper. digests: SHA-256 as delivered, by the path once unpacked."""
    french = _FRENCH_DAMAGE.format(count=len(damaged)) if damaged else ""
    english = _ENGLISH_DAMAGE.format(count=len(damaged)) if damaged else ""
    texts = {
        "LISEZMOI.txt": _FRENCH.format(volumes=volumes, damage=french),
        "README.txt": _ENGLISH.format(volumes=volumes, damage=english),
        SUMS: "".join(checksum_line(name, digest) for name, digest in digests.items()),
    }
    if damaged:
        texts[DAMAGED] = "".join(f"{name}\n" for name in damaged)
    return texts
