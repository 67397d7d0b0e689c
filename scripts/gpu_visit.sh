#!/usr/bin/env bash
# A whole visit to a machine with a GPU, in one command: builds, tests, measures, and runs rows of Table 1, and stops by itself. The machine needs a compiler, CMake, ninja and the CUDA toolkit; cuDNN may be the toolkit's or the one of the Python
# package nvidia-cudnn-cu13. It needs no package registry: what else biossl is built from comes packed (scripts/pack_dependencies.sh).
#
#   scripts/gpu_visit.sh OUT [options]
#     --minutes N            be finished after so many minutes (9)
#     --dependencies FILE    of scripts/pack_dependencies.sh; without it the system's are taken
#     --from DIR             go on with the rows of an earlier visit, whose OUT this is
#     --data DIR             CIFAR-10 and CIFAR-100 in their official binary layout; without it no curve and no rows are run, and data tests skip
#     --rows LIST            rows of Table 1 (biossl reproduce table1 --dry-run names them), or "" for none (hinge_e2e_bp_5,hinge_gll_urf_5)
#     --epochs N --seeds N   of the rows (400, 1)
#     --jobs N               rows side by side (4)
#     --precision P          of the rows (bfloat16)
#     --skip LIST            of: test curve rows bench sanitize
#
# A stage that fails or runs out of time does not keep the next from running. What the visit leaves are few files of at most 15 MB, whatever
# ends it: OUT/visit.log, a line a stage; OUT/results.tar.xz, every stage's log and the rows' directories without checkpoints; and
# OUT/checkpoints.tar.00, .01, …, the newest checkpoint of each row that was stopped (10 MB end to end, 75 MB greedy).
set -uo pipefail
usage() { sed -n '2,/^set -uo/{s/^# \{0,1\}//p}' "$0"; exit 2; }
[ $# -ge 1 ] && [ "${1:0:2}" != -- ] || usage

out=$1; shift
minutes=9; dependencies=; from=; data=; rows=hinge_e2e_bp_5,hinge_gll_urf_5; epochs=400; seeds=1; jobs=4; precision=bfloat16; skip=
while [ $# -gt 0 ]; do
  case $1 in
    --minutes|--dependencies|--from|--data|--rows|--epochs|--seeds|--jobs|--precision|--skip)
      [ $# -ge 2 ] || usage
      printf -v "${1#--}" %s "$2"; shift 2 ;;
    *) usage ;;
  esac
done
mkdir -p "$out"; out=$(realpath "$out")
[ -z "$data" ] || data=$(realpath "$data")
[ -z "$dependencies" ] || dependencies=$(realpath "$dependencies")
[ -z "$from" ] || from=$(realpath "$from")
cd "$(dirname "$0")/.." || exit
command -v nvcc >/dev/null || export PATH=/usr/local/cuda/bin:$PATH
build=build/cuda
work=$PWD/build/visit  # kept between visits of the same machine
end=$((SECONDS + minutes * 60))

pack() {
  rm -f "$out"/checkpoints.tar.*
  tar -C "$work" --exclude=checkpoints -cJf "$out/results.tar.xz" .
  local run newest stopped=()
  for run in "$work"/table1/*/; do
    [ ! -e "$run/summary.json" ] || continue
    newest=$(cd "$work" && find "table1/$(basename "$run")/checkpoints" -name '*.safetensors' 2>/dev/null | sort | tail -n 1)
    [ -z "$newest" ] || stopped+=("$newest")
  done
  [ ${#stopped[@]} -eq 0 ] || tar -C "$work" -cf - "${stopped[@]}" | split -b 15M -d - "$out/checkpoints.tar."
}
unpack() {
  tar -C "$work" -xJf "$from/results.tar.xz" ./table1
  ! ls "$from"/checkpoints.tar.* >/dev/null 2>&1 || cat "$from"/checkpoints.tar.* | tar -C "$work" -xf -
}

say() { echo "$(date +%H:%M:%S) $*" | tee -a "$out/visit.log"; }

# stage NAME MOST_SECONDS COMMAND...: within what is left of the visit.
stage() {
  local name=$1 most=$2 left=$((end - SECONDS)) begin=$SECONDS status; shift 2
  case ",$skip," in *",$name,"*) say "$name: skipped, as asked"; return 1 ;; esac
  if [ "$left" -lt 15 ]; then say "$name: no time is left"; return 1; fi
  timeout --signal=INT --kill-after=20 $((most < left ? most : left)) "$@" >"$work/$name.log" 2>&1
  status=$?
  case $status in
    0) say "$name: done in $((SECONDS - begin)) s" ;;
    124|130|137) say "$name: stopped after $((SECONDS - begin)) s" ;;
    *) say "$name: FAILED with $status after $((SECONDS - begin)) s"; tail -n 15 "$work/$name.log" ;;
  esac
  return $status
}

machine() { nvcc --version | tail -n 2; g++ --version | head -n 1; cmake --version | head -n 1; nproc; nvidia-smi; }

# The folder of cuDNN where the toolkit has none: the Python package's.
cudnn_root() {
  python3 - <<'PYTHON' 2>/dev/null || true
import importlib.util, os
found = importlib.util.find_spec("nvidia.cudnn")
print(os.path.dirname(found.origin) if found and found.origin else list(found.submodule_search_locations)[0])
PYTHON
}

configure_and_build() {
  local arguments=(--preset cuda -DBIOSSL_WERROR=OFF)
  if [ -n "$dependencies" ]; then
    mkdir -p build/dependencies && tar -C build/dependencies -xJf "$dependencies"
    local usr=$PWD/build/dependencies/usr
    # An rpath of the old kind holds for libraries of libraries too.
    arguments+=("-DCMAKE_PREFIX_PATH=$usr" "-DCMAKE_LIBRARY_PATH=$usr/lib/x86_64-linux-gnu" "-DCMAKE_BUILD_RPATH=$usr/lib/x86_64-linux-gnu"
      "-DCMAKE_EXE_LINKER_FLAGS=-Wl,--disable-new-dtags,-rpath-link,$usr/lib/x86_64-linux-gnu")
  fi
  local cudnn; cudnn=$(cudnn_root)
  [ -z "$cudnn" ] || arguments+=("-DCUDNN_ROOT=$cudnn")
  cmake "${arguments[@]}" && cmake --build --preset cuda
}

# Every test that runs on a GPU, and those of the recorder of steps.
tests() { BIOSSL_DATA_DIR=$data $build/tests/biossl_tests --gtest_filter='*cuda*:*Cuda*:*OnAGpu*:RecordStep.*:*EmptyBatch*'; }
bench() {
  local recipe kind
  echo "## views"; $build/biossl bench views --recipe recipes/quick.toml --device cuda --json
  echo "## probe"; $build/biossl bench probe --recipe recipes/quick.toml --device cuda --json
  for recipe in hinge_e2e_bp_5 hinge_e2e_bp hinge_gll_urf_5 hinge_rll_urf_5 hinge_dtp_5 simclr_e2e_bp clapp_e2e_bp; do
    for kind in float32 tf32 bfloat16; do
      echo "## $recipe $kind"
      $build/biossl bench step --recipe "recipes/table1/$recipe.toml" --device cuda --set "train.precision=$kind" --json
    done
  done
  echo "## operations"; $build/bench/biossl_gpu_benches --benchmark_min_time=0.1
}
sanitize() {
  compute-sanitizer --tool memcheck --report-api-errors no --error-exitcode 9 $build/tests/biossl_tests --gtest_filter='*On.*cuda*:RecordStep.*' --gtest_brief=1
}
# The same curve on both devices: an epoch of the quick recipe in float32, no TF32.
curve() {
  local device
  for device in cuda cpu; do
    rm -rf "$work/curve-$device"
    $build/biossl pretrain recipes/quick.toml --data "$data" --device $device --out "$work/curve-$device" --set train.epochs=1 \
      --set train.precision=float32 || return
  done
  python3 - "$work" <<'PYTHON'
import json, sys
losses = [json.loads(open(f"{sys.argv[1]}/curve-{d}/metrics.jsonl").readline())["loss"] for d in ("cpu", "cuda")]
difference = abs(losses[0] - losses[1]) / losses[0]
print(f"loss of the first epoch: cpu {losses[0]:.6f}, cuda {losses[1]:.6f}, relative difference {difference:.2e} (wanted: 1e-3)")
sys.exit(difference > 1e-3)
PYTHON
}
table() {
  $build/biossl reproduce table1 --device cuda --data "$data" --epochs "$epochs" --seeds "$seeds" --rows "$rows" --jobs "$jobs" \
    --set "train.precision=$precision" --out "$work/table1"
}
export -f machine cudnn_root configure_and_build tests sanitize bench curve table
export build work data dependencies rows epochs seeds jobs precision

mkdir -p "$work"
trap pack EXIT
[ -z "$from" ] || [ -d "$work/table1" ] || unpack

stage machine 20 bash -c machine; has_gpu=$?
stage build 400 bash -c configure_and_build || { say "nothing can be run without the build"; exit 1; }
[ "$has_gpu" = 0 ] || { say "nvidia-smi finds no GPU: this was a rehearsal, up to the first call of CUDA"; exit 1; }
stage test 120 bash -c tests
if [ -n "$data" ]; then
  stage curve 120 bash -c curve
  # The rows leave the benches two minutes.
  [ -z "$rows" ] || stage rows $((end - SECONDS > 240 ? end - SECONDS - 120 : 120)) bash -c table
fi
stage bench 120 bash -c bench
stage sanitize 120 bash -c sanitize
say "finished; everything is under $out"
for log in test curve rows; do [ -f "$work/$log.log" ] && { echo "-- $log"; tail -n 25 "$work/$log.log"; }; done
exit 0
