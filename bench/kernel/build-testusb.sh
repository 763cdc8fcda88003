#!/bin/bash
# build-testusb.sh PROGRAM: compiles the kernel's own test program, testusb. Its source comes from Debian's
# package of the kernel source, which is downloaded once (140 MB) and not installed.
set -euo pipefail

program=$1
cache=${USBXFER_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/usbxfer-lab}
source=$cache/testusb.c

if [[ ! -f $source ]]; then
  # 6.1.0-50-amd64 is of the package linux-source-6.1.
  release=$(basename "$cache"/kernel/lib/modules/*)
  [[ $release =~ ^[0-9]+\.[0-9]+ ]]
  package=linux-source-${BASH_REMATCH[0]}
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  cd "$scratch"
  # As root, apt must not change to a user who cannot write here.
  apt-get -o APT::Sandbox::User=root download "$package" >&2
  dpkg --fsys-tarfile ./*.deb | tar -x --wildcards "*/$package.tar.xz"
  tar -xf "usr/src/$package.tar.xz" --occurrence=1 "$package/tools/usb/testusb.c"
  mv "$package/tools/usb/testusb.c" "$source"
  cd - >/dev/null
fi
gcc -O2 -pthread -o "$program" "$source"
