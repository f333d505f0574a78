"""Why an engine call failed, in a closed list that pages, jobs and tests can rely on."""

import re
from collections.abc import Callable, Iterable
from enum import StrEnum

from portal.errors import PortalError

STDERR_LIMIT = 2_000  # characters kept for the operator, after redaction
PATHS_LIMIT = 1_000  # names carried by an error; the count stays exact


class EngineFault(StrEnum):
    """Stable code of each way to fail; the value may be stored."""

    BINARY_MISSING = "binary_missing"
    VERSION_TOO_OLD = "version_too_old"
    REPO_MISSING = "repo_missing"
    WRONG_KEY = "wrong_key"
    LOCKED = "locked"
    BACKEND_UNREACHABLE = "backend_unreachable"
    BACKEND_DENIED = "backend_denied"
    NO_SPACE = "no_space"
    SNAPSHOT_MISSING = "snapshot_missing"
    PATH_MISSING = "path_missing"
    DAMAGED = "damaged"
    ATTRIBUTES = "attributes"  # of a file, which no tar header can carry
    INCOMPLETE = "incomplete"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    KEY_GONE = "key_gone"
    BUSY = "busy"  # another process holds the same working directory
    UNSAFE_PATH = "unsafe_path"  # a place the engine refuses to write to or delete
    UNSUPPORTED = "unsupported"  # this kind of storage has no such operation
    UNKNOWN = "unknown"


def _mark(sentence: str) -> str:
    """Return the sentence as it is; the translation extractor looks for the name below."""
    return sentence


N_: Callable[[str], str] = _mark

F = EngineFault

SENTENCES: dict[EngineFault, str] = {
    F.BINARY_MISSING: N_("Le programme restic n'est pas installé sur ce serveur."),
    F.VERSION_TOO_OLD: N_("La version de restic est trop ancienne (0.14 au minimum)."),
    F.REPO_MISSING: N_("Aucun dépôt de sauvegarde n'existe à cet emplacement."),
    F.WRONG_KEY: N_("La phrase secrète n'ouvre pas ce dépôt de sauvegarde."),
    F.LOCKED: N_("Le dépôt de sauvegarde est utilisé par une autre opération. Réessayez plus tard."),
    F.BACKEND_UNREACHABLE: N_("Le serveur de stockage ne répond pas."),
    F.BACKEND_DENIED: N_("Le serveur de stockage refuse l'accès au dépôt."),
    F.NO_SPACE: N_("Il n'y a pas assez d'espace libre sur le disque."),
    F.SNAPSHOT_MISSING: N_("Ce point de restauration n'existe plus dans le dépôt."),
    F.PATH_MISSING: N_("Ce fichier n'existe pas dans ce point de restauration."),
    F.DAMAGED: N_("Le dépôt de sauvegarde est endommagé : des données ne peuvent pas être lues."),
    F.ATTRIBUTES: N_("Des attributs étendus d'un fichier ne tiennent dans aucune archive."),
    F.INCOMPLETE: N_("Le résultat n'est pas complet : il n'a pas été livré."),
    F.CANCELLED: N_("L'opération a été annulée."),
    F.TIMED_OUT: N_("L'opération a duré trop longtemps et a été arrêtée."),
    F.KEY_GONE: N_("La phrase secrète n'est plus en mémoire. Il faut la saisir à nouveau."),
    F.BUSY: N_("La même opération est déjà en cours."),
    F.UNSAFE_PATH: N_("Cet emplacement n'est pas un dépôt que le portail accepte de modifier."),
    F.UNSUPPORTED: N_("Cette opération n'existe pas pour ce type de stockage."),
    F.UNKNOWN: N_("Le moteur de sauvegarde a échoué pour une raison inconnue."),
}


class EngineError(PortalError):
    """The engine could not do what was asked; ``fault`` says why.

    detail: for the operator, already redacted. paths: the first names concerned, as recorded in the
    backup (personal data: shown to the customer, never logged). path_count: how many there are.
    unlisted: snapshots whose list breaks off. folder_count: folders found in them whose content is unknown.
    need_bytes, have_bytes: set with NO_SPACE.
    """

    def __init__(
        self,
        fault: EngineFault,
        detail: str = "",
        *,
        paths: Iterable[str] = (),
        path_count: int | None = None,
        unlisted: Iterable[str] = (),
        folder_count: int = 0,
        need_bytes: int | None = None,
        have_bytes: int | None = None,
    ) -> None:
        super().__init__(SENTENCES[fault])
        self.fault = fault
        self.detail = detail
        self.paths = tuple(paths)[:PATHS_LIMIT]
        self.path_count = len(self.paths) if path_count is None else path_count
        self.unlisted, self.folder_count = tuple(unlisted), folder_count
        self.need_bytes = need_bytes
        self.have_bytes = have_bytes

    @property
    def code(self) -> EngineFault:
        return self.fault

    def __str__(self) -> str:
        return f"[{self.fault}] {self.message} {self.detail}".rstrip()


# Read in this order: restic wraps a refused connection in the words of a missing repository, and
# leaves one and the same exit code (1) to nearly everything before 0.17.
_PHRASES: tuple[tuple[EngineFault, str], ...] = (
    (F.WRONG_KEY, r"wrong password or no key found|an empty password is not"),
    (F.LOCKED, r"repository is already locked|unable to create lock in backend"),
    (F.NO_SPACE, r"no space left on device|disk quota exceeded"),
    (
        F.BACKEND_UNREACHABLE,
        r"connection refused|no such host|network is unreachable|no route to host|i/o timeout"
        r"|connection reset|TLS handshake|x509:|unexpected HTTP response \(5",
    ),
    (
        F.BACKEND_DENIED,
        r"permission denied|access ?denied|unexpected HTTP response \(40[13]"
        r"|\b40[13] (?:Forbidden|Un)|SignatureDoesNotMatch|Access Key Id",
    ),
    (F.REPO_MISSING, r"Is there a repository at the following location|repository does not exist"),
    (
        F.SNAPSHOT_MISSING,
        r"no matching ID found|could not find snapshot|no snapshot found"
        r"|failed to load snapshot .*(?:no such file|does not exist)",
    ),
    (F.PATH_MISSING, r"not found in snapshot"),
    (F.ATTRIBUTES, r"TarHeader|archive/tar|invalid PAX record|header field too long"),
    (
        F.DAMAGED,
        r"ciphertext verification failed|invalid data returned|does not match id|wrong hash"
        r"|hash mismatch|not found in (?:repository|index)|unable to load (?:tree|index)"
        r"|unable to find|decrypting blob|invalid character|unexpected EOF|Load\(<|ReadAt"
        r"|zstd|panic:|\b(?:data|index|snapshots)/[0-9a-f]{2}",
    ),
)
_PATTERNS = tuple((fault, re.compile(text, re.IGNORECASE)) for fault, text in _PHRASES)
_CODES = {10: F.REPO_MISSING, 11: F.LOCKED, 12: F.WRONG_KEY}  # restic 0.17 and later


def classify(return_code: int, stderr: str) -> EngineFault:
    """The fault behind a failed restic call; what nobody recognises is UNKNOWN, never a success."""
    for fault, pattern in _PATTERNS:
        if fault in (F.BACKEND_UNREACHABLE, F.BACKEND_DENIED) and return_code in _CODES:
            continue
        if pattern.search(stderr):
            return fault
    return _CODES.get(return_code, F.UNKNOWN)


def explain_silence(stderr: str) -> EngineFault:
    """Why a call was silent until it was stopped: restic retries a dead server for 15 minutes."""
    fault = classify(-1, stderr)
    return fault if fault in (F.BACKEND_UNREACHABLE, F.BACKEND_DENIED) else F.TIMED_OUT


_CREDENTIALS = re.compile(r"(?<=//)[^/@\s]+@")
_QUOTED = re.compile(r'"[^"\n]*"')
_PATH = re.compile(r"(?<![\w:/])/(?!/)[^\s:,]+")


def redact(text: str) -> str:
    """Restic's words without credentials, quoted names or paths, and bounded in length."""
    text = _CREDENTIALS.sub("…@", text)
    text = _PATH.sub("<path>", _QUOTED.sub('"…"', text))
    return text[:STDERR_LIMIT].strip()
