#!/bin/bash
# Installs what the kernel lab needs: Debian packages, and a stock Debian kernel that is unpacked into a
# cache directory, not installed. It is fast if everything is present. It needs root (or sudo) only if a
# package is missing.
set -euo pipefail

cache=${USBXFER_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/usbxfer-lab}

# Without recommended packages: those of QEMU include many desktop libraries.
packages=(qemu-system-x86 busybox-static cpio kmod usbutils udev gcc libc6-dev util-linux xz-utils
  strace e2fsprogs procps usbip tshark)

die() {
  echo "install-packages.sh: $*" >&2
  exit 1
}

command -v dpkg-query apt-get >/dev/null || die 'needs Debian, or a system made from it'
[[ $(dpkg --print-architecture) == amd64 ]] || die 'the lab knows amd64 only'

# Runs a command as root.
as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die 'run it as root: packages are missing and there is no sudo'
  fi
}

missing_packages() {
  local package
  for package in "${packages[@]}"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      echo "$package"
  done
}

# The package that linux-image-amd64 currently depends on, e.g. linux-image-6.1.0-37-amd64.
kernel_package() {
  apt-cache depends linux-image-amd64 2>/dev/null |
    sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1
}

# A stale package list may name files that the mirrors have deleted: update it and try again.
updated=no
update_lists() {
  [[ $updated == no ]] || return 1
  updated=yes
  as_root apt-get update
}

install_packages() {
  local missing
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]})) || return 0
  echo "installing ${missing[*]}"
  local install=(env DEBIAN_FRONTEND=noninteractive
    apt-get install --yes --no-install-recommends "${missing[@]}")
  as_root "${install[@]}" || { update_lists && as_root "${install[@]}"; }
}

have_kernel() {
  compgen -G "$cache/kernel/boot/vmlinuz-*" >/dev/null &&
    compgen -G "$cache/kernel/lib/modules/*/modules.dep" >/dev/null
}

# Downloads $1 into this directory. As root, apt must not change to a user who cannot write here.
download() {
  apt-get -o APT::Sandbox::User=root download "$1"
}

install_kernel() {
  have_kernel && return
  [[ -n $(kernel_package) ]] || update_lists
  local package
  package=$(kernel_package)
  [[ -n $package ]] || die 'apt knows no linux-image-amd64'
  echo "unpacking $package into $cache/kernel"
  mkdir -p "$cache"
  # Unpack next to the final directory and rename it, so that no incomplete kernel is ever used.
  scratch=$(mktemp -d "$cache/.new-XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
  cd "$scratch"
  download "$package" || { update_lists && download "$(kernel_package)"; }
  dpkg -x ./linux-image-*.deb kernel
  # Newer Debian releases keep the modules in /usr/lib; the lab uses one directory.
  [[ -d kernel/lib/modules ]] || { mkdir -p kernel/lib && mv kernel/usr/lib/modules kernel/lib/; }
  local release
  release=$(basename kernel/lib/modules/*)
  PATH=$PATH:/usr/sbin:/sbin depmod -b kernel "$release"
  rm -rf "$cache/kernel"
  mv kernel "$cache/kernel"
}

install_packages
install_kernel
echo "kernel lab: ready ($(basename "$cache"/kernel/boot/vmlinuz-*))"
