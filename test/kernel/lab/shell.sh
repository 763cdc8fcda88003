#!/bin/bash
# Boots the guest with a shell on this terminal. Leave it with `exit`, or Ctrl-A X.
set -euo pipefail
run=$(mktemp -d)
trap 'rm -rf "$run"' EXIT
LAB_SHELL=yes "$(dirname "$0")/boot.sh" "$run" mon:stdio
