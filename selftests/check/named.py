#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""named.py: is everything that the module can say named by a test?

That is each reason for which it drops or counts a packet (the spec's attribute set
stats), by its name or its C constant, and each text of an extended acknowledgment,
word by word.  Prints what no selftest names, and exits with 1 if there is any.
"""

import glob
import os
import re
import sys

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# A call that has a text, or a line of a table with one.
TEXT = re.compile(r'(?:NL_SET_ERR_MSG\w*\(|\brefuse\(|\bparse_addr\(|\{ TEREDO_A_)[^;{}]*?'
                  r'((?:"[^"]*"\s*)+)')


def read(pattern):
    return {os.path.relpath(path, REPO): open(path, encoding="utf-8").read()
            for path in sorted(glob.glob(os.path.join(REPO, pattern)))}


def texts():
    """(file, text) of each in the module"""
    for name, source in read("kernel/*/*.c").items():
        if name.endswith("-gen.c"):
            continue
        for match in TEXT.finditer(source):
            yield name, "".join(re.findall(r'"([^"]*)"', match[1]))


def reasons():
    names = read("kernel/base/names-gen.h")["kernel/base/names-gen.h"]
    start = names.index("TEREDO_STATS_NAMES")
    return re.findall(r'\((\w+), "([^"]*)"\)', names[start:names.index("\n\n", start)])


def main():
    tests = {}
    for kind in ("sh", "py", "c"):
        tests.update(read("selftests/*." + kind))
        tests.update(read("selftests/[bcfl]*/*." + kind))
    tests = {name: text for name, text in tests.items() if "/check/" not in name}
    words = "\n".join(tests.values())
    problems = []

    for constant, name in reasons():
        if not re.search(r"(?<![\w-])%s(?![\w-])|TEREDO_A_STATS_%s\b"
                         % (name, constant), words):
            problems.append("no test names the reason " + name)
    found = set()
    for file, text in texts():
        found.add(text)
        if text not in words:
            problems.append("%s: no test names: %s" % (file, text))
    print("\n".join(problems) or "%d reasons and %d texts" % (len(list(reasons())), len(found)))
    sys.exit(bool(problems))


main()
