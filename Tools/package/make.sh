#!/usr/bin/env bash
# Makes dist/apus-VERSION-linux-ARCH.tar.gz, which runs from any folder, and dist/apus_VERSION_ARCH.deb.
#
#     Tools/package/make.sh
#
# The program is linked with Swift's libraries, so that the machine it runs on needs no Swift: only libc, libstdc++, OpenSSL 3
# and zlib. The Dockerfile installs the same package; there, without a history, the version is the plain one.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=$(sed -n 's/.*version: String = "\([0-9.]*\)".*/\1/p' Sources/APIServer/APIServerConfiguration.swift)
maintainer="Apus <apus@localhost>"
if git rev-parse --verify -q HEAD > /dev/null 2>&1; then
  maintainer=$(git log -1 --format='%an <%ae>')
  export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
  # Since dpkg orders versions by them: commits, and which one.
  [ "$(git tag --points-at HEAD)" = "v$version" ] || version="$version+$(git rev-list --count HEAD).$(git rev-parse --short HEAD)"
fi
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date +%s)}
machine=$(uname -m)
scratch=.build-package
# The data of all languages would be half of the program.
library=$(dirname "$(readlink -f "$(command -v swiftc)")")/../lib/swift_static/linux/lib_FoundationICU.a
symbol=$(python3 Tools/package/trim_locales.py "$library" $scratch/icu)
clang -c $scratch/icu/icudata.s -o $scratch/icu/icudata.o
swift build -c release --product apus --static-swift-stdlib --scratch-path $scratch \
  -Xlinker "$PWD/$scratch/icu/icudata.o" -Xlinker "--wrap=$symbol"

out=dist
name=apus-$version-linux-$machine
rm -rf $out && mkdir -p "$out/$name"
strip --strip-all -o "$out/$name/apus" $scratch/release/apus
cp -r $scratch/release/apus_Serving.resources config LICENSE README.md docs "$out/$name/"
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C $out -czf "$out/$name.tar.gz" "$name"

# The packages that hold the libraries it is linked with. Those of C and C++ gain symbols within a package's name.
libraries=$(ldd "$out/$name/apus" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p')
depends=$(for library in $libraries; do
  { dpkg -S "$library" || dpkg -S "$(readlink -f "$library")" || dpkg -S "${library#/usr}" || dpkg -S "/usr$library"; } 2>/dev/null |
    head -n 1 | cut -d: -f1
done | sort -u | while read -r package; do
  case $package in
    libc6 | libstdc++6) echo "$package (>= $(dpkg-query -W -f '${Version}' "$package" | sed 's/[-~+].*//'))" ;;
    *) echo "$package" ;;
  esac
done | paste -sd, | sed 's/,/, /g')

root=$out/deb
install -d "$root/opt" "$root/etc/apus" "$root/lib/systemd/system" "$root/usr/bin" "$root/usr/share/doc/apus" "$root/DEBIAN"
cp -r "$out/$name" "$root/opt/apus"
rm -r "$root/opt/apus/config" "$root/opt/apus/docs" "$root/opt/apus/README.md" "$root/opt/apus/LICENSE"
ln -s /opt/apus/apus "$root/usr/bin/apus"
install -m 644 config/apus.yaml "$root/etc/apus/"
install -m 644 config/apus.service "$root/lib/systemd/system/"
install -m 644 README.md docs/*.md config/grafana-dashboard.json "$root/usr/share/doc/apus/"
install -m 644 LICENSE "$root/usr/share/doc/apus/copyright"
echo /etc/apus/apus.yaml > "$root/DEBIAN/conffiles"
cat > "$root/DEBIAN/control" <<EOF
Package: apus
Version: $version
Architecture: $(dpkg --print-architecture)
Maintainer: $maintainer
Installed-Size: $(du -sk --exclude DEBIAN "$root" | cut -f1)
Depends: $depends
Section: net
Priority: optional
Description: OpenAI-compatible inference server
 Serves hybrid linear-attention mixture-of-experts models, Qwen3-Next first, on
 ordinary processors. A small model is built in. The service apus is not started
 by the installation: systemctl enable --now apus.
EOF
dpkg-deb --root-owner-group --build "$root" "$out/apus_${version}_$(dpkg --print-architecture).deb" > /dev/null
rm -rf "$root" "${out:?}/$name"
ls -l $out
