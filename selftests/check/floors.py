#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""floors.py [-s]: do the folders of the module, and of the tool, know only those below them?

Documentation/internals.rst lists them under "Floors", from the top to the bottom.  A file
includes headers of its own folder and of lower ones, each by its folder's name; the module's
main.c, which is above all, may include any.  Every file of the module is in Kbuild, and none
has more than 600 lines, but for generated ones.  Prints what is not so, and exits with 1 if
there is any.

-s: is what would be wrong noticed?  Each rule is broken in a copy.
"""

import glob
import os
import re
import shutil
import sys
import tempfile

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LINES = 600


# Beside the floors: they may use any, and none uses them.
ASIDE = {"kernel": {"selftest"},
         "tools": {"completion", "fuzz", "integration", "plugin", "systemd", "test"}}


def floors(repo, house="kernel"):
    """Names of the folders, from the top to the bottom"""
    with open(repo + "/Documentation/internals.rst", encoding="utf-8") as f:
        text = f.read()
    part = re.search(r"^Floors\n=+\n(.*?)^\S[^\n]*\n=+\n", text, re.M | re.S)
    return re.findall(r"^``%s/([a-z]+)/``" % house, part[1], re.M) if part else []


def problems_of(repo):
    with open(repo + "/Kbuild", encoding="utf-8") as f:
        built = set(re.findall(r"kernel/(\S+)\.o", f.read()))
    for path, text in files(repo, "kernel"):
        if text.count("\n") > LINES and not path.endswith(("-gen.c", "-gen.h")):
            yield "%s has %u lines" % (path, text.count("\n"))
        if path.endswith(".c") and path[len("kernel/"):-2] not in built:
            yield "%s is not in Kbuild" % path
    yield from upward(repo, "kernel", [])
    # The tool shares some of the module's lowest.
    yield from upward(repo, "tools", ["codec", "link"])


def files(repo, house):
    """(path, text) of each source"""
    for path in sorted(glob.glob("%s/%s/*.[ch]" % (repo, house)) +
                       glob.glob("%s/%s/*/*.[ch]" % (repo, house))):
        folder = os.path.basename(os.path.dirname(path))
        if folder not in ASIDE[house] and not path.endswith(".mod.c"):
            with open(path, encoding="utf-8") as f:
                yield path[len(repo) + 1:], f.read()


def upward(repo, house, shared):
    order = floors(repo, house)
    found = {path for path in os.listdir("%s/%s" % (repo, house))
             if os.path.isdir("%s/%s/%s" % (repo, house, path))} - ASIDE[house]
    if set(order) != found:
        yield "internals.rst lists %s; there are %s" % (", ".join(order),
                                                        ", ".join(sorted(found)))
    for path, text in files(repo, house):
        folder = os.path.dirname(path)[len(house) + 1:]
        for header in re.findall(r'^#include "([^"]*)"', text, re.M):
            floor = os.path.dirname(header)
            # The generator knows of no folders.
            if floor in shared or (path.endswith("-gen.c") and not floor):
                continue
            if not os.path.exists("%s/%s/%s" % (repo, house, header)):
                yield "%s includes %s, which is not called so" % (path, header)
            elif floor not in order or (folder and
                                        order.index(floor) < order.index(folder)):
                yield "%s includes %s, which is above it" % (path, header)


BREAK = [
    ("a header of an upper floor of the tool", "above",
     "tools/ipc/ipc.c", '#include "text/options.h"\n', '#include "command/args.h"\n'),
    ("a header of an upper floor", "above",
     "kernel/codec/addr.c", '#include "codec/addr.h"\n', '#include "peer/peer.h"\n'),
    ("a header without its folder", "not called so",
     "kernel/peer/queue.c", '#include "peer/queue.h"\n', '#include "queue.h"\n'),
    ("a long file", "lines",
     "kernel/codec/addr.c", '#include "codec/addr.h"\n', '#include "codec/addr.h"\n' + "\n" * LINES),
]


def try_each():
    missed = 0
    for what, said, name, old, new in BREAK:
        with tempfile.TemporaryDirectory() as copy:
            for part in ("kernel", "tools", "Documentation"):
                shutil.copytree(os.path.join(REPO, part), os.path.join(copy, part),
                                ignore=shutil.ignore_patterns("*.o", ".*"))
            shutil.copy(os.path.join(REPO, "Kbuild"), copy)
            path = os.path.join(copy, name)
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
    print("\n".join(problems) or "%u floors, and %u of the tool" % (
        len(floors(REPO)), len(floors(REPO, "tools"))))
    sys.exit(bool(problems))


main()
