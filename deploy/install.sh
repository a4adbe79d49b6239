#!/bin/sh
# Installs gouji on this machine from the folder in which this file lies. It needs no network.
#
#   ./install.sh             as root: programs, units, users, documents, and settings where there are none
#   ./install.sh --check     only checks the files, the platform and the C library
#   ./install.sh --root DIR  installs below DIR, the root of a machine that is being prepared
#
# To upgrade, run the installer of the new release, then restart the units. Settings are never overwritten.
set -eu
umask 022
cd "$(dirname "$0")"

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

root=
only_check=
while [ $# -gt 0 ]; do
    case $1 in
    --check) only_check=yes ;;
    --root)
        [ $# -gt 1 ] || fail "--root needs a folder"
        root=${2%/}
        shift
        ;;
    *) fail "unknown argument $1; see the first lines of this file" ;;
    esac
    shift
done

value() {
    sed -n "s/^$1=//p" RELEASE
}

# 1. Nothing was changed on the way here.
sha256sum --check --quiet --strict SHA256SUMS || fail "files differ from SHA256SUMS; carry the archive here again"

# 2. The programs run here.
machine=$(uname -m)
[ "$machine" = "$(value architecture)" ] || fail "this release is for $(value architecture), this machine is $machine"
needed=$(value glibc)
found=$(getconf GNU_LIBC_VERSION 2>/dev/null | sed 's/^glibc //')
[ -n "$found" ] || fail "this machine has no GNU C library; run the image instead"
oldest=$(printf '%s\n%s\n' "$needed" "$found" | sort -t . -k 1,1n -k 2,2n | head -n 1)
[ "$oldest" = "$needed" ] || fail "the programs need glibc $needed, this machine has $found; run the image instead"
# Servers that are called by TLS are verified by the authorities of this machine, where settings name no other.
authorities=
for file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem; do
    [ -s "$file" ] && authorities=$file
done
if [ -z "$authorities" ]; then
    echo "install.sh: this machine has no certificates of authorities, so programs read no https site;" \
        "the package ca-certificates has them" >&2
fi
echo "gouji $(value version) ($(value commit)): files whole, glibc $found is new enough (needs $needed)"
[ -z "$only_check" ] || exit 0

[ "$(id -u)" = 0 ] || fail "only root installs; ./bin/gouji up runs without installing"

# 3. Programs. A new file and a rename, because a running program's file cannot be written.
put() { # mode, from, to
    mkdir -p "$(dirname "$root$3")"
    cp "$2" "$root$3.new"
    chmod "$1" "$root$3.new"
    mv -f "$root$3.new" "$root$3"
}
for program in bin/*; do
    put 755 "$program" "/usr/local/$program"
done

# 4. Units and the users of their processes.
for unit in deploy/systemd/*.service; do
    put 644 "$unit" "/etc/systemd/system/$(basename "$unit")"
done
put 644 deploy/systemd/gouji-.service.d/common.conf /etc/systemd/system/gouji-.service.d/common.conf
put 644 deploy/systemd/gouji.sysusers /usr/lib/sysusers.d/gouji.conf
if command -v systemd-sysusers >/dev/null; then
    systemd-sysusers --root="${root:-/}" gouji.conf
else
    for user in gouji gouji-nats; do
        grep -q "^$user:" "$root/etc/passwd" && continue
        useradd ${root:+--root "$root"} --system --user-group --no-create-home \
            --home-dir /var/lib/gouji --shell /usr/sbin/nologin "$user"
    done
fi

# 5. Settings where there are none, and the defaults of this release beside them.
put 644 deploy/gouji.toml /etc/gouji/gouji.toml.default
[ -e "$root/etc/gouji/gouji.toml" ] || put 644 deploy/gouji.toml /etc/gouji/gouji.toml

# 6. Documents, licences, and the rest of deploy/ for the operator.
documents=/usr/local/share/doc/gouji
for document in docs/*; do
    put 644 "$document" "$documents/$(basename "$document")"
done
for document in LICENSE THIRD-PARTY.txt sbom.cdx.json RELEASE; do
    put 644 "$document" "$documents/$document"
done
mkdir -p "$root$documents/deploy"
cp -R deploy/. "$root$documents/deploy/"

if [ -z "$root" ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi
echo "installed. One process with everything: gouji up --data /var/lib/gouji
Each stage a unit of its own: $documents/operations.md, \"Deployment\"; settings are in /etc/gouji/gouji.toml"
