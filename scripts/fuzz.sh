#!/usr/bin/env bash
# Fuzzes every reader of files, or those named: broken and random bytes under sanitizers (tests/fuzz). What libFuzzer
# writes is in build/fuzz/READER.log; a file crash-… there holds bytes that broke a reader.
#   scripts/fuzz.sh SECONDS [READER ...]
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 1 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
seconds=$1
shift
readers=("$@")
[ $# -gt 0 ] || readers=(pictures arrays zips idx stl10 cifar archives)
scripts/configure.sh fuzz
cmake --build build/fuzz --target biossl_fuzz
[ -d /dev/shm ] && export TMPDIR=/dev/shm  # the readers' files are written for every input
failed=0
for reader in "${readers[@]}"; do
  mkdir -p "build/fuzz/corpus/$reader"
  log=build/fuzz/$reader.log
  if OMP_NUM_THREADS=1 READER=$reader build/fuzz/tests/fuzz/biossl_fuzz "build/fuzz/corpus/$reader" -max_total_time="$seconds" \
    -max_len=65536 -rss_limit_mb=2048 -timeout=20 -print_final_stats=1 -artifact_prefix="build/fuzz/$reader-" >"$log" 2>&1; then
    echo "$reader: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $seconds s, none broke it"
  else
    echo "$reader: BROKEN, see $log" >&2
    failed=1
  fi
done
exit $failed
