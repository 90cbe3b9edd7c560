#!/bin/sh
# Installs Twin on a server, or brings a newer one: the user, the folders, the
# two programs and the service. Run twice it changes nothing the second time.
# It never touches the configuration or the data, and starts nothing.
set -eu
umask 022

usage() {
	cat <<'TEXT'
usage: scripts/install.sh [--prefix DIR] [--destdir DIR] [--dry-run]

  --prefix DIR    programs go to DIR/bin (/usr/local)
  --destdir DIR   put everything below DIR, as for a package: no user, no
                  owners, no systemctl; needs no root
  --dry-run       say what would be done, and change nothing

exit status: 0 done, 1 failed, 2 wrong usage
TEXT
}

die() { # die STATUS TEXT
	echo "install.sh: $2" >&2
	exit "$1"
}

prefix=/usr/local
destdir=
dry=
while [ $# -gt 0 ]; do
	case $1 in
	--prefix | --destdir)
		[ $# -ge 2 ] || die 2 "$1 wants a folder"
		case $2 in
		/*) ;;
		*) die 2 "$1 $2: want an absolute path" ;;
		esac
		case $2 in
		*[!A-Za-z0-9/._+-]*) die 2 "$1 $2: want letters, digits and / . _ + - only" ;;
		esac
		if [ "$1" = --prefix ]; then prefix=${2%/}; else destdir=${2%/}; fi
		shift 2
		;;
	--dry-run)
		dry=yes
		shift
		;;
	-h | --help)
		usage
		exit 0
		;;
	*)
		usage >&2
		die 2 "unknown argument $1"
		;;
	esac
done

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
programs=$here/../bin
unit=$here/twind.service
etc=$destdir/etc/twin
data=$destdir/var/lib/twin
changed=no

[ -n "$destdir$dry" ] || [ "$(id -u)" = 0 ] ||
	die 1 "not root: use sudo, or --destdir for a package, or --dry-run to see"
for program in twind twinctl; do
	[ -f "$programs/$program" ] || die 1 "$programs/$program is missing: run make build first"
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# act TEXT COMMAND...: says what is done and does it, or only says so.
act() {
	changed=yes
	if [ -n "$dry" ]; then
		echo "would $1"
		return
	fi
	echo "$1"
	shift
	"$@"
}

# put FILE DEST MODE: through a rename, so that a running program keeps its
# own and a crash leaves the old or the new.
put() {
	if cmp -s "$1" "$2"; then
		echo "unchanged: $2"
		return
	fi
	act "install $2" put_now "$1" "$2" "$3"
}

put_now() {
	mkdir -p "$(dirname "$2")"
	install -m "$3" "$1" "$2.new"
	mv -f "$2.new" "$2"
}

# folder DIR MODE OWNER
folder() {
	if [ -d "$1" ] && [ "$(stat -c %a "$1")" = "${2#0}" ] &&
		{ [ -n "$destdir" ] || [ "$(stat -c %U:%G "$1")" = "$3" ]; }; then
		echo "unchanged: $1"
		return
	fi
	if [ -n "$destdir" ]; then
		act "make $1 ($2; give it to $3)" folder_now "$1" "$2" "$3"
	else
		act "make $1 ($2 $3)" folder_now "$1" "$2" "$3"
	fi
}

folder_now() {
	mkdir -p "$1"
	[ -n "$destdir" ] || chown "$3" "$1"
	chmod "$2" "$1"
}

# sshd starts a forced command through the account's shell, and refuses keys
# for a locked account where PAM is off: so a real shell, and a password that
# nothing matches ("*") in place of a locked one ("!").
account() {
	if ! getent passwd twin >/dev/null; then
		act "create the user twin" add_user
	elif [ "$(getent passwd twin | cut -d: -f7)" != /bin/sh ]; then
		act "give the user twin the shell /bin/sh" usermod --shell /bin/sh twin
	else
		echo "unchanged: user twin"
	fi
}

add_user() {
	useradd --system --user-group --home-dir /var/lib/twin --no-create-home \
		--shell /bin/sh --password '*' twin
}

[ -n "$destdir" ] || account
folder "$etc" 0750 root:twin
folder "$data" 0700 twin:twin
put "$programs/twind" "$destdir$prefix/bin/twind" 0755
put "$programs/twinctl" "$destdir$prefix/bin/twinctl" 0755
sed "s|^ExecStart=/usr/local/bin/|ExecStart=$prefix/bin/|" "$unit" >"$scratch/unit"
put "$scratch/unit" "$destdir/etc/systemd/system/twind.service" 0644

if [ "$changed" = yes ] && [ -z "$destdir" ] && [ -d /run/systemd/system ]; then
	act "systemctl daemon-reload" systemctl daemon-reload
fi

if [ "$changed" = yes ] && [ -n "$destdir" ]; then
	echo "next, on the server: make user and group twin, give them the folders as said above,"
	echo "      systemctl daemon-reload, and write /etc/twin/twin.toml (the README has one to begin with)"
elif [ ! -e "$etc/twin.toml" ]; then
	echo "next: sudo twinctl setup; or write /etc/twin/twin.toml (the README has one), then"
	echo "      twinctl config check && twinctl init --role primary && systemctl enable --now twind"
elif [ "$changed" = yes ]; then
	echo "kept: $etc/twin.toml"
	echo "next: systemctl restart twind"
else
	echo "nothing to do"
fi
