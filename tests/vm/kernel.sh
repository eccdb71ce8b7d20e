#!/bin/sh
# The kernel rules in stock Debian kernels: runs the tests of filter/src/kernel/ as they are in a virtual machine, where
# the nft "queue" expression exists, so that nft, iptables-legacy and iptables-nft are all put to the test.
#   VM_RUN=.../run.sh tests/vm/kernel.sh [6.12|6.1]...     VM_RUN boots a kernel with this machine's root (-H) in it
set -eu
cd "$(dirname "$0")/../.."
: "${VM_RUN:?set it to the script that boots the virtual machine}"
[ $# -gt 0 ] || set -- 6.12 6.1
program=$(cargo test -p minewall --bin minewall --no-run 2>&1 | sed -n 's/.*Executable .*(\(.*\))$/\1/p')
[ -n "$program" ] || { echo "kernel.sh: the tests were not built" >&2; exit 1; }
for series in "$@"; do
  # under emulation everything is slow: one test at a time
  "$VM_RUN" -H -k "$series" -t 900 -- sh -c "uname -r; '$PWD/$program' kernel:: --test-threads 1 --nocapture" || exit 1
done
