"""The cases of the JSON Schema Test Suite that jsonschema's source distribution carries.

    pip download --no-deps --no-binary :all: jsonschema==4.26.0
    tar xzf jsonschema-4.26.0.tar.gz        # FOLDER is jsonschema-4.26.0
"""

import itertools
import json
from pathlib import Path
from typing import Any, Iterator

URIS = {
    "draft6": "http://json-schema.org/draft-06/schema#",
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}


def orders(value: Any, limit: int = 200) -> list:
    """The value with its members in every order, up to a limit: grammars have them in the schema's order only."""
    if isinstance(value, dict):
        arrangements = itertools.permutations(value) if len(value) <= 4 else [tuple(value)]
        ways = (
            dict(zip(names, parts))
            for names in arrangements
            for parts in itertools.product(*[orders(value[name], 8) for name in names])
        )
    elif isinstance(value, list):
        ways = (list(parts) for parts in itertools.product(*[orders(element, 8) for element in value]))
    else:
        return [value]
    return list(itertools.islice(ways, limit))


def cases(folder: Path) -> Iterator[dict]:
    """Each: where it stands, the schema, and documents, each a list of texts that differ in the order of members."""
    for draft, uri in URIS.items():
        root = folder / "json" / "tests" / draft
        for file in sorted(root.glob("*.json")) + sorted(root.glob("optional/format/*.json")):
            for group in json.loads(file.read_text()):
                schema = group["schema"]
                if isinstance(schema, dict) and "$schema" not in schema:
                    schema = {"$schema": uri} | schema
                yield {
                    "place": f"{draft}/{file.relative_to(root)}: {group['description']}",
                    "schema": schema,
                    "documents": [
                        [json.dumps(way, ensure_ascii=False) for way in orders(test["data"])]
                        for test in group["tests"]
                    ],
                    "expected": [test["valid"] for test in group["tests"]],
                    "names": [test["description"] for test in group["tests"]],
                }
