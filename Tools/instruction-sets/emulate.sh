#!/usr/bin/env bash
# emulate.sh APUS TESTS: runs the program and the kernels' tests on emulated processors without AVX-512, and without AVX.
# An instruction they lack ends the run.
set -euo pipefail
[[ $(uname -m) == x86_64 ]] || { echo "instruction sets: nothing to emulate on $(uname -m)"; exit 0; }
apus=$1
tests=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# The swiftlet that comes with the program; results on the emulated processor are those of this one, bit for bit.
printf '{"sequences":[[%s]],"top":5}' "$(seq -s, 1 96)" > "$folder/input.json"
score() { "${@:2}" "$apus" score --input "$folder/input.json" --isa "$1"; }

# processor of the emulator, widest instruction set it has
check() {
  local processor=$1 set=$2
  echo "$processor: apus score --isa $set"
  score "$set" > "$folder/expected.json"
  for choice in "$set" auto; do
    score "$choice" qemu-x86_64 -cpu "$processor" > "$folder/found.json"
    cmp "$folder/expected.json" "$folder/found.json"
  done
  if score avx512 qemu-x86_64 -cpu "$processor" 2> "$folder/error.txt"; then
    echo "$processor: --isa avx512 was accepted"; exit 1
  fi
  grep -q "what this processor has: .*$set" "$folder/error.txt"
  echo "$processor: tests"
  # The operating system's list of features is the real processor's.
  qemu-x86_64 -cpu "$processor" "$tests" --testing-library swift-testing --no-parallel \
    --filter '^KernelsTests\.' --skip agreesWithTheOperatingSystem
}

check Haswell-noTSX,-invpcid,-pcid,-x2apic,-tsc-deadline avx2
check Nehalem portable
