#!/usr/bin/env python3
"""Takes from the ICU data of Swift's Foundation what belongs to other languages than English, and converters of old
encodings: 29 of its 34 MB.

    python3 Tools/package/trim_locales.py LIBRARY FOLDER

LIBRARY is lib_FoundationICU.a. Prints the symbol of its data, and writes FOLDER/icudata.s, an assembler source that defines
what is left of it as __wrap_SYMBOL: with --wrap=SYMBOL the linker takes that in its place. The server formats nothing for
people of other languages; what is asked for in one of them comes out as in ICU's root locale.

The format is that of ICU's common data files (UDataOffsetTOC): a header, a table of names and offsets in the order of the
names, and the items.
"""

import re
import struct
import subprocess
import sys
from pathlib import Path

# Of these folders and of the locales themselves only what is not of a language stays.
LANGUAGES = re.compile(r"(?:(?:lang|region|zone|curr|unit|coll|rbnf|brkitr)/)?(?P<locale>[a-z]{2,3}(?:_\w+)?)\.res")
UNUSED = re.compile(r"translit/.*|rbnf/.*|brkitr/.*\.(?:dict|res)|.*\.cfu|.*\.cnv|uemoji\.icu")
KEPT = {"root", "en", "en_US", "en_US_POSIX", "en_001"}


def is_kept(name: str) -> bool:
    """Whether an item is of use, by its name without the package's."""
    locale = LANGUAGES.fullmatch(name)
    return not UNUSED.fullmatch(name) and (not locale or locale["locale"] in KEPT)


def trimmed(data: bytes) -> bytes:
    """The same data with the items that are kept."""
    header, magic = struct.unpack_from("<HH", data)
    if magic != 0x27DA or data[12:16] != b"CmnD":
        sys.exit("this is no common data of ICU")
    count, = struct.unpack_from("<I", data, header)
    table = [struct.unpack_from("<II", data, header + 4 + 8 * index) for index in range(count)]
    ends = [offset for _, offset in table[1:]] + [len(data) - header]
    items = []
    for (name_offset, offset), end in zip(table, ends):
        name = data[header + name_offset:data.index(b"\0", header + name_offset)]
        if is_kept(name.decode().split("/", 1)[1]):
            items.append((name, data[header + offset:header + end]))
    names, contents = b"", b""
    offsets = []
    names_start = 4 + 8 * len(items)
    for name, _ in items:
        offsets.append(names_start + len(names))
        names += name + b"\0"
    start = names_start + len(names)
    contents_start = (start + 15) // 16 * 16
    entries = b""
    for offset, (_, item) in zip(offsets, items):
        entries += struct.pack("<II", offset, contents_start + len(contents))
        contents += item + bytes(-len(item) % 16)
    body = struct.pack("<I", len(items)) + entries + names
    return data[:header] + body + bytes(contents_start - len(body)) + contents


def main() -> None:
    library, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    member = "icu_packaged_data.cpp.o"
    subprocess.run(["ar", "x", library, member], cwd=folder, check=True)
    symbols = subprocess.run(["nm", folder / member], capture_output=True, text=True, check=True).stdout
    name = re.search(r" R (icudt\d+_dat)$", symbols, re.M).group(1)
    subprocess.run(["objcopy", "-O", "binary", "-j", ".rodata", folder / member, folder / "icudata.all"], check=True)
    data = (folder / "icudata.all").read_bytes()
    less = trimmed(data)
    (folder / "icudata").write_bytes(less)
    (folder / "icudata.s").write_text(
        f'.section .rodata\n.globl __wrap_{name}\n.type __wrap_{name}, @object\n.balign 16\n__wrap_{name}:\n'
        f'.incbin "{folder}/icudata"\n.size __wrap_{name}, {len(less)}\n.section .note.GNU-stack,"",@progbits\n')
    print(f"ICU's data: {len(less) / 1e6:.1f} MB of {len(data) / 1e6:.1f} MB", file=sys.stderr)
    print(name)


if __name__ == "__main__":
    main()
