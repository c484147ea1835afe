"""Checks that wide instructions stay inside the kernels that are called only where the processor has them.

Everything but the kernel targets is compiled for the base instruction set, and `Kernels` chooses at run time. Two ways
lead around that choice, both seen only in the linked program. Generic code of the standard library or of another module
that a kernel target specialises is emitted there with that target's instructions, under a name every other module uses
for the same specialisation: the linker keeps one copy, perhaps the wide one, for all. And a kernel inlined across modules
would bring its instructions along. Either would end the program with an illegal instruction on older processors only.

So: EVEX registers (zmm, numbers from 16 on, masks) appear only in functions of KernelsAVX512, and VEX instructions only
there and in KernelsAVX2.
"""
import argparse
import collections
import re
import subprocess
import sys

EVEX = re.compile(r"%zmm|%[xy]mm(?:1[6-9]|2\d|3[01])\b|%k[0-7]\b")
VEX = re.compile(r"^v[a-z0-9]+\s.*%[xy]mm|%ymm")
FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:$")
# Mangled names hold the module's name after its length.
ALLOWED = {"EVEX": ("13KernelsAVX512",), "VEX": ("13KernelsAVX512", "11KernelsAVX2")}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("program")
    program = arguments.parse_args().program
    counts = {"EVEX": collections.Counter(), "VEX": collections.Counter()}
    function = "?"
    with subprocess.Popen(["objdump", "--disassemble", "--no-show-raw-insn", program],
                          stdout=subprocess.PIPE, text=True) as listing:
        for line in listing.stdout:
            if match := FUNCTION.match(line):
                function = match.group(1)
                continue
            instruction = line.rpartition("\t")[2]
            if EVEX.search(instruction):
                counts["EVEX"][function] += 1
            elif VEX.search(instruction):
                counts["VEX"][function] += 1
    if listing.returncode != 0:
        sys.exit(f"objdump failed on {program}")
    astray = [(kind, name, count) for kind, functions in counts.items() for name, count in functions.items()
              if not any(module in name for module in ALLOWED[kind])]
    for kind, name, count in astray:
        print(f"{name}: {count} {kind} instructions outside the kernels of that instruction set")
    # A program without any would mean that this check reads nothing.
    for kind, functions in counts.items():
        print(f"{kind}: {sum(functions.values())} instructions in {len(functions)} functions")
        if not functions:
            sys.exit(f"no {kind} instruction found in {program}")
    sys.exit(1 if astray else 0)


if __name__ == "__main__":
    main()
