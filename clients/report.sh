#!/bin/sh
# Back up with restic and tell the portal how it went. POSIX sh, restic and curl; nothing else.
#
#   report.sh enrol KEY            once: this machine takes a seat of the key, and keeps a token
#   report.sh backup [ARGS] PATHS  restic backup, then a report; every word is handed to restic
#   report.sh send                 only the reports that could not be sent before
#
# Environment: PORTAL_URL; what restic needs (RESTIC_REPOSITORY, RESTIC_PASSWORD_FILE, AWS_…);
# STATE_DIRECTORY, where the token and unsent reports lie (default /var/lib/vault-report).
# Ends as restic does: 0 all well, 3 some files were not read, otherwise failed; 75: not told yet, kept.
set -u
umask 077
state=${STATE_DIRECTORY:-/var/lib/vault-report}
outbox=$state/outbox
: "${PORTAL_URL:?PORTAL_URL is missing}"
mkdir -p "$outbox" || exit 1

field() { sed -n 's/.*"'"$1"'": *"\{0,1\}\([^",}]*\).*/\1/p' | head -n 1; }
plain() { tr -d '\000-\037\177' | tr '"\\' "'/" | cut -c 1-490; }
now() { date -u +%Y-%m-%dT%H:%M:%SZ; }

ask() { # address, body on stdin; the answer's last line is its status
    curl --silent --show-error --max-time 60 --write-out '\n%{http_code}' \
        --header 'Content-Type: application/json' --data @- "$PORTAL_URL$1"
}

enrol() {
    print=$(cat "$state/fingerprint" 2>/dev/null || od -An -N16 -tx1 /dev/urandom | tr -d ' \n' | tee "$state/fingerprint")
    body='{"key": "'$1'", "fingerprint": "'$print'", "hostname": "'$(hostname | plain)'"}'
    printf '%s' "$body" | ask /api/v1/activations >"$state/answer" || exit 1
    case $(tail -n 1 "$state/answer") in 200 | 201) ;; *) cat "$state/answer" >&2; exit 1 ;; esac
    printf '{"key": "%s", "fingerprint": "%s"}' "$1" "$print" | ask /api/v1/machine-tokens >"$state/answer" || exit 1
    token=$(field token <"$state/answer")
    [ -n "$token" ] || { cat "$state/answer" >&2; exit 1; }
    # curl reads the header from a file: no token among the arguments of a process.
    printf 'Authorization: Bearer %s\n' "$token" >"$state/token"
    rm -f "$state/answer"
    echo "enrolled"
}

send() { # what the portal has taken or will never take goes; the rest stays for the next time
    left=0
    for report in "$outbox"/*.json; do
        [ -e "$report" ] || continue
        answer=$(curl --silent --max-time 60 --write-out '\n%{http_code}' --header @"$state/token" \
            --header 'Content-Type: application/json' --data @"$report" "$PORTAL_URL/api/v1/backup-reports")
        case $(printf '%s' "$answer" | tail -n 1) in
        201 | 200 | 409) rm -f "$report" ;;
        410 | 422) printf 'refused: %s\n' "$answer" >&2; mv "$report" "$report.refused" ;;
        *) printf 'kept for later: %s\n' "$answer" >&2; left=75 ;;
        esac
    done
    return $left
}

backup() {
    started=$(now)
    run=$(date -u +%Y%m%dT%H%M%SZ)-$$
    work=$state/run.$$
    mkdir -p "$work"
    RESTIC_PROGRESS_FPS=0.02 restic backup --json "$@" >"$work/out" 2>"$work/errors"
    ended=$?
    case $ended in 0) outcome=ok ;; 3) outcome=partial ;; *) outcome=failed ;; esac
    grep '"message_type": *"summary"' "$work/out" >"$work/summary"
    grep '"message_type": *"error"' "$work/out" >>"$work/errors"
    sed '/^$/d' "$work/errors" >"$work/told"
    trouble=
    grep -q 'already locked' "$work/told" && [ $outcome = failed ] && trouble=locked
    count=$(wc -l <"$work/told" | tr -d ' ')
    [ $outcome = ok ] && count=0
    number() { value=$(field "$1" <"$work/summary"); printf '%s' "${value:-0}"; }
    texts=$([ "$count" = 0 ] || head -n 50 "$work/told" | while IFS= read -r line; do
        printf '%s"%s"' "${comma-}" "$(printf '%s' "$line" | plain)"
        comma=', '
    done)
    cat >"$work/report" <<END
{"run_id": "$run", "started_at": "$started", "ended_at": "$(now)", "outcome": "$outcome", "trouble": "$trouble",
 "source_bytes": $(number total_bytes_processed), "added_bytes": $(number data_added),
 "files_new": $(number files_new), "files_changed": $(number files_changed),
 "files_total": $(number total_files_processed), "snapshot_id": "$(field snapshot_id <"$work/summary")",
 "incidents": $count, "incident_texts": [$texts],
 "client_version": "$(restic version 2>/dev/null | cut -d ' ' -f 1-2 | plain)"}
END
    [ -e "$state/token" ] && mv "$work/report" "$outbox/$run.json" # not enrolled: nobody to tell
    cat "$work/told" >&2
    rm -rf "$work"
    send || { [ $ended = 0 ] && ended=75; }
    exit $ended
}

case ${1:-} in
enrol) enrol "${2:?KEY is missing}" ;;
backup) shift; backup "$@" ;;
send) send ;;
*) sed -n '2,11p' "$0"; exit 64 ;;
esac
