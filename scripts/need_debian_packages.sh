#!/bin/sh
# What the tests need besides Python: a real Chromium for the page, libfaketime to set the clock of
# a process. Installs Debian's where something is missing and may be installed.
set -eu
missing=""
has_browser() {
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" >/dev/null && return 0
    done
    return 1
}
has_browser || missing="chromium"
command -v faketime >/dev/null || missing="$missing faketime"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Debian's packages for the tests: $missing"
    apt-get update -qq
    # shellcheck disable=SC2086 # the names are words of their own
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    exit 0
fi
echo "The tests need: apt-get install $missing" >&2
exit 1
