#!/usr/bin/env bash
# Makes the traces that simulation.py compares. The same options and seeds make the same files.
set -euo pipefail
cd "$(dirname "$0")"
apus=${APUS:-../../.build/release/apus}
cost=$(mktemp)
trap 'rm -f "$cost"' EXIT
echo '{"tokens":[[1,0.001]]}' > "$cost"

make() { "$apus" simulate --cost "$cost" --rate 1 --save-trace "traces/$1.jsonl" "${@:2}" > /dev/null; }

make calibration --conversations 200 --prompt 50-400 --output 10-60 --seed 1
make chat --conversations 80 --turns 3 --pause 4 --prompt ~150 --output ~40 --seed 2
make prefixes --conversations 220 --prefixes 4 --prefix-tokens 512 --prompt 30-200 --output 20-50 --seed 3
make bursts --conversations 240 --arrivals bursts --burst 6 --prompt ~250 --output ~30 --seed 4
