#!/usr/bin/env bash
# Installs dist/*.deb in a new root of Debian bookworm, and unpacks dist/*.tar.gz in another place of it: serves from both as an
# ordinary user on a read-only file system, and says how much the root has grown. As root; needs debootstrap and curl.
#
#     Tools/package/check.sh [FOLDER]        (default: .build/package-root)
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$(realpath -m "${1:-.build/package-root}")
limit=60  # MB, without the model
deb=$(ls "$PWD"/dist/apus_*.deb) && tarball=$(ls "$PWD"/dist/apus-*.tar.gz)

if [ ! -e "$root.base.tar" ]; then
  rm -rf "$root"
  debootstrap --variant=minbase bookworm "$root" > "$root.log"
  # What Debian's slim image leaves out, too.
  rm -rf "$root"/usr/share/{doc,man,info,locale,lintian} "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
  tar -C "$root" -cf "$root.base.tar" .
fi
rm -rf "$root" && mkdir "$root" && tar -C "$root" -xf "$root.base.tar"
size() { du -sB1 --apparent-size --exclude proc --exclude sys "$root" | cut -f1; }
before=$(size)

cp "$deb" "$root/apus.deb"
cp /etc/resolv.conf "$root/etc/"
chroot "$root" sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends /apus.deb' \
  > "$root.log" 2>&1 || { tail "$root.log"; exit 1; }
rm -rf "$root"/apus.deb "$root"/usr/share/{doc,man,info,locale,lintian} "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
model=$(du -sB1 --apparent-size "$root/opt/apus/apus_Serving.resources" | cut -f1)
grown=$(($(size) - before - model))
echo "the root grew by $((grown / 1000)) kB, and $((model / 1000)) kB of model"
mkdir -p "$root/srv/elsewhere" && tar -C "$root/srv/elsewhere" --strip-components=1 -xzf "$tarball"

mapfile -t health < <(python3 -c '
import json, re
text = open("Dockerfile").read().replace("\\\n", "")
print(*json.loads(re.search(r"^HEALTHCHECK.*? CMD (.*)$", text, re.M)[1]), sep="\n")')

# serve NAME PROGRAM PORT: one reply from a server of user 10001, on a file system that cannot be written.
serve() {
  ROOT=$root PROGRAM=$2 PORT=$3 unshare --mount --pid --fork --kill-child bash -ec '
    mount --bind "$ROOT" "$ROOT" && mount -o remount,ro,bind "$ROOT"
    mount -t proc proc "$ROOT/proc"
    exec chroot --userspec=10001:10001 "$ROOT" "$PROGRAM" serve --port "$PORT"' > "$root.log" 2>&1 &
  local server=$!
  trap "kill -KILL $server 2>/dev/null || true" EXIT
  curl -sf --retry 60 --retry-delay 1 --retry-all-errors "http://127.0.0.1:$3/ready" > /dev/null || { cat "$root.log"; exit 1; }
  local reply
  reply=$(curl -sf "http://127.0.0.1:$3/v1/chat/completions" -H 'Content-Type: application/json' \
    -d '{"model":"swiftlet","messages":[{"role":"user","content":"What is Apus?"}],"temperature":0}')
  # The image's health check, as Docker runs it.
  APUS_PORT=$3 chroot --userspec=10001:10001 "$root" "${health[@]}" || { echo "$1: not healthy"; exit 1; }
  # unshare itself takes no signal, the server under it drains.
  kill "$(pgrep -P $server)"
  wait $server
  trap - EXIT
  grep -q '"finish_reason":"stop"' <<< "$reply" || { echo "$1: $reply"; exit 1; }
  echo "$1 serves as user 10001 on a read-only file system"
}
serve "the package" /usr/bin/apus 18931
serve "the tarball" /srv/elsewhere/apus 18932
[ $grown -lt $((limit * 1000000)) ] || { echo "more than $limit MB"; exit 1; }
