#!/usr/bin/env bash
# Brings everything wabot needs onto this machine: .venv, node modules, Chromium. Quick when nothing is missing.
#   scripts/setup.sh          what running needs
#   scripts/setup.sh --dev    and what tests and checks need
set -euo pipefail
cd "$(dirname "$0")/.."

PIP=pip==26.3

mode=run
[ "${1:-}" = --dev ] && mode=dev

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# Two starts from one tree must not install into it at the same time.
exec 9>.setup.lock
flock 9

python_fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
python_has_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

# The system's own before the first of PATH: distributions build Python with profile-guided optimisation, pyenv by default without,
# and then everything takes a third longer. One that can't make environments only if there is no other.
find_python() {
    local name fits=
    for name in ${PYTHON:-/usr/bin/python3 python3 python3.13 python3.12 python3.11}; do
        if ! command -v "$name" >/dev/null || ! python_fits "$name"; then continue; fi
        if python_has_venv "$name"; then echo "$name"; return; fi
        fits=${fits:-$name}
    done
    echo "$fits"
}

node_fits() { node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' 2>/dev/null; }

# The Debian packages that are missing, one a line.
missing_packages() {
    local python
    python=$(find_python)
    if [ -z "$python" ]; then echo python3; echo python3-venv
    elif ! .venv/bin/python -c '' 2>/dev/null && ! python_has_venv "$python"; then echo python3-venv; fi
    command -v node >/dev/null || echo nodejs
    command -v npm >/dev/null || echo npm
    command -v setpriv >/dev/null || echo util-linux
    if [ "$mode" = dev ]; then command -v redis-server >/dev/null || echo redis-server; fi
    missing_browsers
}

# Elsewhere than on Debian its packages may be missing or something else: Ubuntu's Chromium is a snap, which can't read our profiles.
chrome_serves() { ! grep -qs '^ID=debian' /etc/os-release && [ -x /opt/google/chrome/chrome ]; }

missing_browsers() {
    if [ "$mode" = run ] && { [ -n "${CHROMIUM_PATH:-}" ] || chrome_serves; }; then return; fi
    [ -x /usr/lib/chromium/chromium-headless-shell ] || echo chromium-headless-shell
    [ -x /usr/bin/chromium ] || echo chromium
}

install_packages() {
    local packages
    packages=$(missing_packages | tr '\n' ' ')
    packages=${packages% }
    [ -z "$packages" ] && return
    if grep -qs '^ID=ubuntu' /etc/os-release && [[ $packages == *chromium* ]]; then
        fail "missing: a browser. Ubuntu has Chromium only as a snap, which can't be used: install Google Chrome, or set CHROMIUM_PATH to another one."
    fi
    command -v apt-get >/dev/null || fail "missing: $packages. Install them, and set CHROMIUM_PATH to the browser."
    if [ "$(id -u)" -ne 0 ]; then
        printf 'setup: missing: %s. Run this once, then the same make command again:\n\n    sudo sh -c "apt-get update && apt-get install -y %s"\n\n' \
            "$packages" "$packages" >&2
        exit 1
    fi
    say "installing $packages"
    apt-get update -qq
    # shellcheck disable=SC2086  # a list of names
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $packages >/dev/null
}

fingerprint() { cat "$@" | sha256sum | cut -d ' ' -f 1; }

# stamped DIR FINGERPRINT: that set stands in DIR already; the set for tests holds the one for running.
stamped() {
    local kind
    for kind in dev "$mode"; do
        if [ "$(cat "$1/.$kind-stamp" 2>/dev/null)" = "$2" ]; then return 0; fi
    done
    return 1
}
stamp() { echo "$2" >"$1/.$mode-stamp"; }

make_venv() {
    local python
    if python_fits .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1; then return; fi
    python=$(find_python)
    [ -n "$python" ] || fail "needs Python 3.11 or newer; set PYTHON to one."
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
}

# Whoever installs into their home by default (PIP_USER, pip.conf) can't do so from an environment.
pip() { PIP_USER=0 .venv/bin/python -m pip "$1" -qq --disable-pip-version-check "${@:2}"; }

install_python() {
    local lock=requirements.lock print
    [ "$mode" = dev ] && lock=requirements-dev.lock
    print=$(fingerprint requirements.lock requirements-dev.lock scripts/supervisorctl)
    if .venv/bin/python -c '' 2>/dev/null && stamped .venv "$print"; then return; fi
    make_venv
    say "installing the Python packages of $lock"
    # The pip that Python 3.11 brings takes twice as long for the same set.
    pip install "$PIP" || say "going on with the pip that came with Python"
    # Tests compile what they import; a service may not be allowed to write beside its packages.
    pip install --no-compile -r "$lock"
    if [ "$mode" = run ]; then PYTHONWARNINGS=ignore .venv/bin/python -m compileall -q -j 0 .venv/lib >/dev/null || true; fi # some ship Python that is none
    install -m 755 scripts/supervisorctl .venv/bin/supervisorctl
    stamp .venv "$print"
}

install_node() {
    local dir=$1 print omit=(--omit=dev)
    [ "$mode" = dev ] && omit=(--include=dev)
    print=$(fingerprint "$dir/package-lock.json")
    # Told not to install the light engine, which stands on GPL-3.0.
    if [ "$dir" = node_wa ] && [ "${LIGHT_ENGINE:-1}" = 0 ]; then omit+=(--omit=optional) print+=-without; fi
    if stamped "$dir/node_modules" "$print"; then return; fi
    rm -f "$dir"/node_modules/.*-stamp
    say "installing the Node packages of $dir"
    # Not `npm ci`: it refuses a lock that was written where another platform's optional binaries can't be had.
    # Peers: baileys asks for sharp, a picture library of 20 MB that nothing here calls.
    (cd "$dir" && PUPPETEER_SKIP_DOWNLOAD=1 npm install --no-save "${omit[@]}" --omit=peer --no-audit --no-fund --loglevel=error >/dev/null)
    stamp "$dir/node_modules" "$print"
}

install_packages
node_fits || fail "needs Node.js 20 or newer, found $(node --version 2>/dev/null || echo none)."
# Side by side: one waits for the line while another unpacks.
install_python & parts=($!)
install_node node_wa & parts+=($!)
if [ "$mode" = dev ]; then install_node wabot/assets & parts+=($!); fi
failed=0
for part in "${parts[@]}"; do wait "$part" || failed=1; done
exit "$failed"
