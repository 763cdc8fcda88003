#!/bin/bash
# boot.sh RUN CONSOLE: boots the guest; this process becomes QEMU.
#   RUN      an empty directory for this run: the share with the guest, and the agent's socket
#   CONSOLE  QEMU character device for the guest's console, such as file:FILE or mon:stdio
# The guest uses the first node on PATH.
set -euo pipefail

run=$(realpath "$1") console=$2
lab=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
checkout=$(realpath "$lab/../../..")
build=$checkout/build/kernel-lab
kernel=${USBXFER_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/usbxfer-lab}/kernel

mkdir -p "$build" "$run/share"
# Guests may boot at the same time.
exec {lock}>"$build/lock"
flock "$lock"
for source in "$checkout"/test/kernel/device/*.c; do
  program=$build/$(basename "$source" .c)
  [[ $program -nt $source ]] || gcc -std=c11 -O2 -Wall -Wextra -pthread -o "$program" "$source"
done
initramfs=$("$lab/build-initramfs.sh" "$kernel")
exec {lock}>&-

path=$(dirname "$(command -v node)"):$checkout/test/kernel/device:$build
path+=:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
{
  printf 'export LAB_CHECKOUT=%q\n' "$checkout"
  printf 'export LAB_MODULES=%q\n' "$(realpath "$kernel/lib/modules")"
  printf 'export LAB_PATH=%q\n' "$path"
  printf 'export LAB_SHELL=%q\n' "${LAB_SHELL:-}"
} >"$run/share/environment"

# shellcheck disable=SC2054 # The commas are QEMU's.
qemu=(
  qemu-system-x86_64
  -accel "${USBXFER_LAB_ACCEL:-tcg,thread=multi}" -cpu Nehalem -smp "${USBXFER_LAB_CPUS:-1}" -m 3072
  -nodefaults -no-user-config -no-reboot -display none
  -kernel "$kernel"/boot/vmlinuz-* -initrd "$initramfs"
  # norandmaps: the emulation keeps translated code for its address, so a program at a new address in
  # each process would be translated each time.
  -append 'console=ttyS0 panic=-1 quiet mitigations=off norandmaps'
  # The host's files, read-only; one ID for each of the host's file systems (multidevs).
  -fsdev "local,id=hostroot,path=/,security_model=none,readonly=on,multidevs=remap"
  -device virtio-9p-pci,fsdev=hostroot,mount_tag=hostroot
  -fsdev "local,id=lab,path=$run/share,security_model=none"
  -device virtio-9p-pci,fsdev=lab,mount_tag=lab
  -serial "$console"
  -chardev "socket,id=agent,path=$run/agent.sock,server=on,wait=off" -serial chardev:agent
)
# QEMU exits when its parent exits, for any reason.
exec setpriv --pdeathsig KILL -- "${qemu[@]}"
