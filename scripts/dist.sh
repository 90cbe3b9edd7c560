#!/bin/sh
# Packs what a server needs into dist/NAME.tar.gz. The programs must have been
# built (make dist does). The same files give the same bytes.
#   scripts/dist.sh NAME
set -eu

name=${1:?usage: scripts/dist.sh NAME}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

top=$work/$name
install -d "$top/bin" "$top/scripts"
install -m 0755 bin/twind bin/twinctl "$top/bin"
install -m 0755 scripts/install.sh "$top/scripts"
install -m 0644 scripts/twind.service "$top/scripts"
for folder in asterisk haproxy keepalived systemd; do
	cp -R "scripts/$folder" "$top/scripts/$folder"
	chmod -R u=rwX,go=rX "$top/scripts/$folder"
done
install -m 0644 README.md LICENSE CHANGELOG.md "$top"

mkdir -p dist
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner \
	--mtime="@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}" \
	-cf - "$name" | gzip -n >"dist/$name.tar.gz"
echo "dist/$name.tar.gz"
