#!/bin/sh
# Says where the index of each audience is: sh scripts/where.sh [FOLDER]
set -eu
out="${1:-reports}"
found=""
for index in "$out"/*/index.html; do
    [ -f "$index" ] || continue
    [ -n "$found" ] || printf '\nBilans à ouvrir dans un navigateur, un sommaire par destinataire :\n'
    found="yes"
    folder=$(dirname "$index")
    printf '  %-12s %s/index.html\n' "$(basename "$folder")" "$(cd "$folder" && pwd)"
done
[ -n "$found" ] || printf 'Aucun bilan dans %s.\n' "$out"
