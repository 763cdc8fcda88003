#!/bin/bash
# testusb.sh CASE BYTES: runs case 27 (write) or 28 (read) of the kernel's testusb with the device
# 1234:5678, with transfers as those of the other programs. Runs in the guest, as root. Prints the same
# report as `pool`. testusb only asks the module usbtest, which submits all transfers in the kernel.
set -euo pipefail

case=$1 bytes=$2
size=262144 # bytes in a transfer
transfers=$((bytes / size))
depth=$((transfers < 16 ? transfers : 16))

# Without `alt`, usbtest uses no bulk endpoints of a device that it does not know.
modprobe usbtest vendor=0x1234 product=0x5678 alt=0
trap 'rmmod usbtest' EXIT
interface=$(echo /sys/bus/usb/drivers/usbtest/*:1.0)
device=$(dirname "$(readlink -f "$interface")")
printf -v node '/dev/bus/usb/%03d/%03d' "$(<"$device/busnum")" "$(<"$device/devnum")"

said=$(build/bench/bin/testusb -D "$node" -t "$case" -s $size -g $depth -c $((transfers / depth)) 2>&1)
if [[ ! $said =~ test\ $case,\ +([0-9]+\.[0-9]{6})\ secs ]]; then
  echo "testusb: $said" >&2
  exit 1
fi
field=bytes_written
[[ $case == 28 ]] || field=bytes_accepted
echo "{\"$field\":$((depth * (transfers / depth) * size)),\"seconds\":${BASH_REMATCH[1]}}" >&2
