#!/usr/bin/env bash
# Puts wabot onto a Debian 13 server, with Debian's packages only: own user, systemd, Chromium's sandbox on, TLS by Caddy, a backup
# every night. Run it again for an upgrade, from the new tree: it changes no setting that is there.
#
#   sudo deploy/install.sh --domain wabot.example.com [--mongo-uri mongodb://…/wabot] [--smtp-url smtp://…]
#
# Tested: shellcheck; a first and a second run within a Debian 13 of debootstrap (chroot, so that systemctl did nothing), wabot started
# there as its user under the settings it writes, `wabot doctor`, `create-admin` and `backup`; the browser in its sandbox as another user,
# the Caddyfile, the units by `systemd-analyze verify`; and a first run under a real systemd in a namespace of its own, with the backup. Not tested: a
# domain of its own, so no certificate was obtained.
set -euo pipefail

domain='' mongo_uri='' smtp_url=''
home=/opt/wabot data=/var/lib/wabot settings=/etc/wabot/wabot.env backups=/var/backups/wabot

say() { printf 'install: %s\n' "$*"; }
fail() { printf 'install: %s\n' "$*" >&2; exit 1; }

tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

read_arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
            --domain | --mongo-uri | --smtp-url) [ -n "${2:-}" ] || fail "$1 needs a value" ;;
            *) fail "unknown: $1" ;;
        esac
        case $1 in
            --domain) domain=${2,,} ;;
            --mongo-uri) mongo_uri=$2 ;;
            --smtp-url) smtp_url=$2 ;;
        esac
        shift 2
    done
}

check() {
    [ "$(id -u)" -eq 0 ] || fail "needs root: sudo $0 …"
    [ -n "$domain" ] || fail "say where it is to be found: --domain wabot.example.com"
    [[ $domain =~ ^[a-z0-9.-]+$ ]] || fail "$domain is not a domain"
    # shellcheck source=/dev/null
    . /etc/os-release
    if [ "${ID:-}" != debian ] || [ "${VERSION_ID:-0}" -lt 13 ]; then fail "needs Debian 13 or newer: Debian 12's Node.js is too old"; fi
}

install_packages() {
    say "installing Debian's packages"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        adduser caddy chromium chromium-headless-shell chromium-sandbox fonts-liberation nodejs npm python3 python3-venv util-linux >/dev/null
}

make_user() {
    getent passwd wabot >/dev/null || adduser --system --group --home "$data" --no-create-home --shell /usr/sbin/nologin wabot
    install -d -o wabot -g wabot -m 0700 "$data" "$backups"
}

# The tree belongs to root: who runs wabot can't change it.
copy_tree() {
    [ "$tree" = "$home" ] && return
    say "copying to $home"
    install -d -m 0755 "$home"
    tar -C "$tree" --exclude=./.git --exclude=./var --exclude=./.venv --exclude=node_modules --exclude=test-results --exclude=__pycache__ -cf - . |
        tar -C "$home" --no-same-owner -xvf - | LC_ALL=C sort >"$home/.copied.new"
}

# Pages, engines and the like are found by their files: what this version has no more would go on working, or break it.
# Only what an earlier run copied; whatever else lies there stays.
drop_leftovers() {
    [ -e "$home/.copied.new" ] || return 0
    if [ -e "$home/.copied" ]; then
        LC_ALL=C comm -23 "$home/.copied" "$home/.copied.new" | while IFS= read -r left; do [ -d "$home/$left" ] || rm -f "$home/$left"; done
    fi
    mv "$home/.copied.new" "$home/.copied"
}

random() { head -c 36 /dev/urandom | base64 | tr -d '\n'; }

# value NAME VALUE: a line that systemd and a shell read alike.
value() {
    case $2 in *[\"\$\\\`]*) fail "$1 may not hold \", \$, \\ or \`: percent-encode it" ;; esac
    printf '%s="%s"\n' "$1" "$2"
}

write_settings() {
    if [ -e "$settings" ]; then say "leaving $settings as it is"; return; fi
    install -d -m 0755 /etc/wabot
    local new
    new=$(mktemp)
    {
        echo "# wabot's settings: docs/settings.md. After a change: systemctl restart wabot"
        value WABOT_ENV production
        value WABOT_DATA "$data"
        value PUBLIC_URL "https://$domain"
        value TRUSTED_PROXIES 1
        value SECRET_KEY "$(random)"
        value METRICS_TOKEN "$(random)"
        value WA_CHROMIUM_SANDBOX 1
        [ -z "$mongo_uri" ] || value MONGO_URI "$mongo_uri"
        [ -z "$smtp_url" ] || value SMTP_URL "$smtp_url"
    } >"$new"
    install -o root -g wabot -m 0640 "$new" "$settings"
    rm -f "$new"
}

warn() {
    if ! grep -q '^MONGO_URI=' "$settings"; then
        say "WARNING: the embedded database is used. It is fine for a few people and one machine; it can't be replicated. docs/operations.md says how to move."
    fi
    grep -q '^SMTP_URL=' "$settings" || say "WARNING: no SMTP_URL: nobody can be mailed a link for a forgotten password."
}

# `wabot create-admin …`: the commands, as the user and with the settings of the service.
write_command() {
    cat >/usr/local/bin/wabot <<'COMMAND'
#!/bin/sh
# flask --app wsgi, as the user wabot and with the settings of the service.
cd /opt/wabot || exit 1
exec runuser -u wabot -- sh -c 'umask 077; set -a; . /etc/wabot/wabot.env; set +a; exec .venv/bin/flask --app wsgi "$@"' wabot "$@"
COMMAND
    chmod 755 /usr/local/bin/wabot
}

write_proxy() {
    local file=/etc/caddy/Caddyfile
    if [ -e "$file" ] && ! grep -q wabot "$file"; then cp --backup=numbered "$file" "$file.before-wabot"; fi
    sed "s/wabot\.example\.com/$domain/" "$home/deploy/Caddyfile" >"$file"
}

main() {
    read_arguments "$@"
    check
    install_packages
    make_user
    copy_tree
    "$home/scripts/setup.sh"
    drop_leftovers
    "$home/.venv/bin/python" -m compileall -q "$home/wabot" # the service may not write there
    write_settings
    write_command
    install -m 0644 "$home"/deploy/wabot.service "$home"/deploy/wabot-backup.{service,timer} /etc/systemd/system/
    write_proxy
    systemctl daemon-reload
    systemctl enable --quiet wabot wabot-backup.timer caddy
    systemctl restart wabot caddy
    systemctl start wabot-backup.timer
    warn
    say "https://$domain answers in a moment. Make the first administrator: wabot create-admin you@example.com"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then main "$@"; fi
