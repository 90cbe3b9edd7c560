#!/bin/sh
# Fails, and names what to install, unless everything is here that the tests
# behind the build tag "real" drive. They never skip: a missing program would
# otherwise look like a passed test.
set -eu

missing=
need() { # need PROGRAM PACKAGE
	command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

PATH=$PATH:/usr/sbin:/sbin
need mkfs.ext4 e2fsprogs
need mount mount
need losetup mount
need strace strace
need systemd-analyze systemd
need sshd openssh-server
need ssh openssh-client
need haproxy haproxy
need keepalived keepalived
need curl curl
need tmux tmux
need rsyslogd rsyslog
[ -e "$(echo /usr/lib/*/rsyslog/omrelp.so)" ] || missing="$missing rsyslog-relp"
# Not from its package, which excludes rsyslog.
for library in libivykis0 libnet1 libpcre3; do
	[ -e "/usr/share/doc/$library" ] || missing="$missing $library"
done

if [ -n "$missing" ]; then
	echo "test-real: missing programs; on Debian: apt-get install$missing" >&2
	exit 1
fi
if ! LD_LIBRARY_PATH=bin/syslog-ng/usr/lib/syslog-ng bin/syslog-ng/usr/sbin/syslog-ng --version >/dev/null 2>&1; then
	echo "test-real: syslog-ng is missing or does not run; on Debian: scripts/syslog-ng.sh" >&2
	exit 1
fi
if [ "$(id -u)" != 0 ]; then
	echo "test-real: it mounts file systems; run it as root, on a machine that may be used so" >&2
	exit 1
fi
