#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
#
# tables.py SPEC: the attributes and commands of a specification as tables in C, for
# the fuzzer of selftests/fuzz/fuzz-netlink.c, on standard output.

import sys

import yaml

SIZES = {"u8": 1, "u16": 2, "u32": 4, "s32": 4, "u64": 8}


def constant(*words):
    return "_".join(words).upper().replace("-", "_").replace("__", "_")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        spec = yaml.safe_load(file)
    consts = {d["name"]: d["value"] for d in spec["definitions"] if d["type"] == "const"}
    enums = {d["name"]: len(d["entries"]) for d in spec["definitions"] if d["type"] == "enum"}

    def number(value):
        return consts.get(value, value)

    def attribute(attr, prefix):
        checks = attr.get("checks", {})
        kind, low, high = attr["type"], 0, 0
        if kind in SIZES:
            low, high = 0, min(256 ** SIZES[kind] - 1, 2 ** 32 - 1)
            if "enum" in attr:
                high = enums[attr["enum"]] - 1
            low, high = number(checks.get("min", low)), number(checks.get("max", high))
            size, kind = SIZES[kind], "NUMBER"
        elif kind == "string":
            size, kind = number(checks.get("max-len", 0)), "STRING"
        elif kind == "binary":
            size, kind = number(checks.get("exact-len", 0)), "BINARY"
        elif kind == "nest":
            size, kind = 0, "NEST"
        elif kind == "flag":
            size, kind = 0, "FLAG"
        else:
            return None
        if "display-hint" in attr:
            kind = attr["display-hint"].upper()
        nested = f"&{attr['nested-attributes']}_set" if kind == "NEST" else "NULL"
        return (f'\t{{ "{attr["name"]}", {constant(prefix, attr["name"])}, '
                f"{kind}, {size}, {low}U, {high}U, {nested} }},")

    print("/* SPDX-License-Identifier: GPL-2.0 */")
    print("/* What netlink messages are made of; tables.py makes it from teredo.yaml. */")
    for attr_set in spec["attribute-sets"]:
        name = attr_set["name"]
        rows = [attribute(attr, attr_set["name-prefix"]) for attr in attr_set["attributes"]]
        print(f"\nstatic const struct attr {name}_attrs[] = {{")
        print("\n".join(row for row in rows if row))
        print("};\n")
        print(f"static const struct attr_set {name}_set = {{ {name}_attrs, ARRAY_SIZE({name}_attrs) }};")

    commands = []
    for op in spec["operations"]["list"]:
        for mode in ("do", "dump"):
            if mode in op:
                names = op[mode]["request"]["attributes"]
                prefix = next(s["name-prefix"] for s in spec["attribute-sets"]
                              if s["name"] == op["attribute-set"])
                array = f"{op['name']}_{mode}".replace("-", "_")
                print(f"\nstatic const unsigned short {array}[] = {{")
                for name in names:
                    print(f"\t{constant(prefix, name)},")
                print("};")
                commands.append(
                    f'\t{{ "{op["name"]}", {constant(spec["operations"]["name-prefix"], op["name"])}, '
                    f'{"true" if mode == "dump" else "false"}, &{op["attribute-set"]}_set, '
                    f"{array}, ARRAY_SIZE({array}) }},")
    print("\nstatic const struct command commands[] = {")
    print("\n".join(commands))
    print("};")


main()
