#!/usr/bin/env bash
# Builds every fuzzer under Tests/Fuzz with the address and leak sanitizers, and runs them two at a time.
#   --runs N      inputs for each fuzzer
#   --seconds S   or: wall time for all of them together
#   --only NAME   one of them
#   --seed N      repeat a run; 0, the default, starts anywhere
#   --plain       without the sanitizers: several times as fast, for code in which Swift itself checks every access
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=-1 seconds=0 seed=0 only= build=.build-fuzz
export APUS_FUZZ=1
while [ $# -gt 0 ]; do
  case $1 in
    --plain) APUS_FUZZ=plain build=.build-fuzz-plain; shift; continue ;;
    --runs) runs=$2 ;;
    --seconds) seconds=$2 ;;
    --only) only=$2 ;;
    --seed) seed=$2 ;;
    *) echo "usage: $0 [--runs N | --seconds S] [--only NAME] [--seed N] [--plain]" >&2; exit 2 ;;
  esac
  shift 2
done

names=()
for main in Tests/Fuzz/*/main.swift; do
  name=$(basename "$(dirname "$main")")
  if [ -z "$only" ] || [ "$only" = "$name" ]; then names+=("$name"); fi
done
[ ${#names[@]} -gt 0 ] || { echo "no fuzzer named $only under Tests/Fuzz" >&2; exit 2; }

export LSAN_OPTIONS="suppressions=$PWD/Tools/fuzz/leak-suppressions.txt:print_suppressions=0"
# A trap is libFuzzer's to report; Swift's own backtracer would trip the address sanitizer.
export SWIFT_BACKTRACE=enable=no
# Stacks of allocations take a third of the time, and filling what is allocated a tenth; they are there again when the
# input is run by itself.
export ASAN_OPTIONS="malloc_context_size=0:quarantine_size_mb=16:max_malloc_fill_size=256"
mkdir -p "$build"
binaries=$(swift build -c release --scratch-path "$build" --show-bin-path)
for name in "${names[@]}"; do
  echo "building Fuzz$name"
  swift build -c release --scratch-path "$build" --product "Fuzz$name" > "$build/build-$name.log" 2>&1 \
    || { tail -n 40 "$build/build-$name.log"; exit 1; }
done

# Two run at a time, so each may take twice its share of the wall time.
limit=$((seconds * 2 / ${#names[@]}))
run_one() {
  local name=$1 work=$build/run/$1 seeds=() dictionary=() options=()
  mkdir -p "$work/corpus"
  # What a fuzzer wants otherwise than the others.
  if [ -f "Tests/Fuzz/$name/options" ]; then read -ra options < "Tests/Fuzz/$name/options"; fi
  if [ -d "Tests/Fuzz/$name/seeds" ]; then seeds=("Tests/Fuzz/$name/seeds"); fi
  if [ -e "Tools/fuzz/dictionaries/$name" ]; then dictionary=("-dict=Tools/fuzz/dictionaries/$name"); fi
  # Leaks are looked for once, at the end: after each input it takes several times as long as the input.
  if "$binaries/Fuzz$name" -detect_leaks=0 -runs="$runs" -seed="$seed" -max_total_time="$limit" -max_len=4096 -timeout=10 \
    -rss_limit_mb=2048 -print_funcs=0 -print_final_stats=1 "${options[@]}" "${dictionary[@]}" -artifact_prefix="$work/" \
    "$work/corpus" "${seeds[@]}" > "$work/log" 2>&1; then
    echo "Fuzz$name: $(sed -n 's/stat::number_of_executed_units: *//p' "$work/log") inputs," \
      "$(sed -n 's/stat::requests: *\(.*\)/\1, /p' "$work/log")nothing found"
  else
    tail -n 60 "$work/log"
    echo "Fuzz$name: FAILED; the input and the log are in $work"
    return 1
  fi
}

export -f run_one
export binaries build runs limit seed
printf '%s\n' "${names[@]}" | xargs -P 2 -I NAME bash -c 'run_one NAME'
