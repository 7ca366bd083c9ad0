#!/bin/sh
# Makes .venv and installs the locked versions in it, only when something has changed: sh scripts/prepare.sh [EXTRAS]
# Nothing here needs root, and the folder's path may hold spaces and accents.
set -eu
cd "$(dirname "$0")/.."
extras="${1:-lab}"
venv_python=".venv/bin/python"
stamp=".venv/ctgeval-stamp"

say() { printf '%s\n' "$*" >&2; }

find_python() {
    too_old=""
    without_venv=""
    package=""
    for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3 python3.14; do
        [ -n "$candidate" ] || continue
        version=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
        if ! "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            too_old="$too_old $candidate ($version)"
        elif ! "$candidate" -c 'import venv, ensurepip' 2>/dev/null; then
            without_venv="${without_venv:-$candidate}"
            package="${package:-python$version-venv}"
        else
            python="$candidate"
            return 0
        fi
    done
    if [ -n "$without_venv" ]; then
        say "« $without_venv » est là, mais pas son module venv (ou ensurepip)."
        say "→ Installez-le, puis relancez la commande :"
        say "    Debian, Ubuntu : apt install python3-venv (ou $package)"
        say "    Fedora         : dnf install python3"
        say "    openSUSE       : zypper install python3-venv"
    else
        say "ctgeval a besoin de Python 3.11 ou plus récent.${too_old:+ Trouvé :$too_old.}"
        say "→ Installez-en un (Debian, Ubuntu : apt install python3 python3-venv), ou indiquez où il est :"
        say "    make bilan PYTHON=/chemin/vers/python3.12"
    fi
    return 1
}

checksum() {
    # The path is part of it: an editable install points to the folder, which may have been moved.
    { pwd; cat pyproject.toml requirements.lock; } | cksum
}

# An environment whose interpreter has gone (system upgrade, moved folder) is made anew.
if [ ! -x "$venv_python" ] || ! "$venv_python" -m pip --version >/dev/null 2>&1; then
    find_python || exit 1
    say "Création de l’environnement .venv avec $python…"
    rm -rf .venv
    "$python" -m venv .venv || {
        say "La création de .venv a échoué."
        say "→ Vérifiez que le dossier est accessible en écriture et, sous Debian ou Ubuntu : apt install python3-venv"
        rm -rf .venv
        exit 1
    }
fi

wanted=$(checksum)
for installed in "$extras" "lab,test"; do
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$installed $wanted" ]; then
        exit 0
    fi
done

say "Installation des paquets (quelques minutes la première fois)…"
rm -f "$stamp"
"$venv_python" -m pip install --quiet --disable-pip-version-check -c requirements.lock -e ".[$extras]" || {
    say "L’installation des paquets a échoué : la cause est écrite ci-dessus."
    say "→ Vérifiez l’accès au réseau (variables https_proxy et PIP_INDEX_URL), puis relancez la même commande."
    exit 1
}
printf '%s' "$extras $wanted" > "$stamp"
