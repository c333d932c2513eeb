#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""floors.py [-s]: do the module's folders know only those below them?

Documentation/internals.rst lists them under "Floors", from the top to the bottom.  A file
includes headers of its own folder and of lower ones, each by its folder's name; main.c, which
is above all, may include any.  Every file is in Kbuild, and none has more than 600 lines, but
for generated ones.  Prints what is not so, and exits with 1 if there is any.

-s: is what would be wrong noticed?  Each rule is broken in a copy.
"""

import glob
import os
import re
import shutil
import sys
import tempfile

REPO = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LINES = 600


def floors(repo):
    """Names of the folders, from the top to the bottom"""
    with open(repo + "/Documentation/internals.rst", encoding="utf-8") as f:
        text = f.read()
    part = re.search(r"^Floors\n=+\n(.*?)^\S[^\n]*\n=+\n", text, re.M | re.S)
    return re.findall(r"^``kernel/([a-z]+)/``", part[1], re.M) if part else []


def problems_of(repo):
    order = floors(repo)
    kernel = repo + "/kernel/"
    found = sorted(path for path in os.listdir(kernel)
                   if os.path.isdir(kernel + path) and path != "selftest")
    if sorted(order) != found:
        yield "internals.rst lists %s; there are %s" % (", ".join(order), ", ".join(found))
    with open(repo + "/Kbuild", encoding="utf-8") as f:
        built = set(re.findall(r"kernel/(\S+)\.o", f.read()))

    for path in sorted(glob.glob(kernel + "*.[ch]") + glob.glob(kernel + "*/*.[ch]")):
        name = path[len(kernel):]
        folder = os.path.dirname(name)
        if folder == "selftest" or name.endswith(".mod.c"):
            continue
        with open(path, encoding="utf-8") as f:
            text = f.read()
        if text.count("\n") > LINES and not name.endswith(("-gen.c", "-gen.h")):
            yield "%s has %u lines" % (name, text.count("\n"))
        if name.endswith(".c") and name[:-2] not in built:
            yield "%s is not in Kbuild" % name
        for header in re.findall(r'^#include "([^"]*)"', text, re.M):
            floor = os.path.dirname(header)
            # The generator knows of no folders.
            if name.endswith("-gen.c") and not floor:
                continue
            if not os.path.exists(kernel + header):
                yield "%s includes %s, which is not called so" % (name, header)
            elif floor not in order or (folder and
                                        order.index(floor) < order.index(folder)):
                yield "%s includes %s, which is above it" % (name, header)


BREAK = [
    ("a header of an upper floor", "above",
     "codec/addr.c", '#include "codec/addr.h"\n', '#include "peer/peer.h"\n'),
    ("a header without its folder", "not called so",
     "peer/queue.c", '#include "peer/queue.h"\n', '#include "queue.h"\n'),
    ("a long file", "lines",
     "codec/addr.c", '#include "codec/addr.h"\n', '#include "codec/addr.h"\n' + "\n" * LINES),
]


def try_each():
    missed = 0
    for what, said, name, old, new in BREAK:
        with tempfile.TemporaryDirectory() as copy:
            for part in ("kernel", "Documentation"):
                shutil.copytree(os.path.join(REPO, part), os.path.join(copy, part),
                                ignore=shutil.ignore_patterns("*.o", ".*"))
            shutil.copy(os.path.join(REPO, "Kbuild"), copy)
            path = os.path.join(copy, "kernel", name)
            with open(path, encoding="utf-8") as f:
                text = f.read()
            assert old in text
            with open(path, "w", encoding="utf-8") as f:
                f.write(text.replace(old, new))
            noticed = any(said in problem and name in problem for problem in problems_of(copy))
            print("%s: %s" % (what, "noticed" if noticed else "NOT noticed"))
            missed += not noticed
    return missed


def main():
    problems = list(problems_of(REPO))
    if not problems and "-s" in sys.argv:
        sys.exit(try_each())
    print("\n".join(problems) or "%u floors" % len(floors(REPO)))
    sys.exit(bool(problems))


main()
