#!/bin/bash
# Builds the guest's initramfs: busybox, `init` and the modules for access to the host's files; all other
# modules are loaded from there. Prints its path. The initramfs is cached next to the kernel, under the
# hash of its contents.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

kernel=$1 # The folder of the unpacked kernel package.
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
release=$(basename "$kernel"/lib/modules/*)
boot_modules=(virtio_pci 9pnet_virtio 9p overlay)

key=$(cat "$0" "$here/init" <(echo "$release") | sha256sum | cut -c 1-16)
image=$kernel/initramfs-$key.gz
if [[ ! -f $image ]]; then
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  root=$scratch/root
  mkdir -p "$root"/{bin,modules,proc,sys,dev,host,changes,newroot}
  cp "$here/init" "$root/init"
  cp /bin/busybox "$root/bin/busybox"
  ln -s busybox "$root/bin/sh"

  # In loading order, each once, numbered to keep the order.
  number=100
  for module in "${boot_modules[@]}"; do
    modprobe --show-depends --set-version "$release" --dirname "$kernel" "$module"
  done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
    target=$root/modules/$((number++))-$(basename "$file")
    case $file in
      *.xz) xz --decompress --stdout "$file" >"${target%.xz}" ;;
      *) cp "$file" "$target" ;;
    esac
  done

  (cd "$root" && find . | cpio --quiet --create --format newc --owner 0:0) |
    gzip -1 >"$scratch/image"
  cp "$scratch/image" "$image.$$"
  mv "$image.$$" "$image"
fi
echo "$image"
