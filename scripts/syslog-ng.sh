#!/bin/sh
# Unpacks Debian's syslog-ng into bin/syslog-ng, beside rsyslog, which its
# package excludes: the tests against real programs drive both. Needs apt, and
# the libraries that .ci/run installs. What is there already is left as it is.
set -eu
cd "$(dirname "$0")/.."

to=$PWD/bin/syslog-ng
if [ -x "$to/usr/sbin/syslog-ng" ]; then
	exit 0
fi
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
(cd "$new" && apt-get download -qq -o APT::Sandbox::User=root syslog-ng-core)
mkdir -p bin
rm -rf "$to"
dpkg -x "$new"/syslog-ng-core_*.deb "$new/root"
mv "$new/root" "$to"
