#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""coverage.py FOLDER [DOCUMENT]: what of the module do tests reach?

FOLDER is what `check-debug.sh -c` has left there.  Prints the share of lines that
ran and of branches that were taken, by file, and every line that no test reaches
and Documentation/coverage.rst has no reason for.  There, reasons are given for functions,
``file.c: function, function``; one that has become needless is told, too, unless it says
that tests have to be lucky.  Exit status 1 if there is anything of the two.

DOCUMENT gets the table, in place of the one that is in there.

Branches of what only watches (lockdep, RCU's checks, WARN_ON, tracepoints) do not
count: they are not ours.
"""

import collections
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
REASONS = os.path.join(REPO, "Documentation/coverage.rst")
FUNCTION = re.compile(r"(?:[A-Za-z_][\w \t*]*?[\s*])?(\w+)\(")
WATCHING = re.compile(r"rcu_dereference|rtnl_dereference|lockdep_|ASSERT_RTNL|WARN_ON"
                      r"|trace_teredo|dereference_protected|rcu_access_pointer")


class Source:
    """One file: how often each line ran, and each branch of it was taken"""

    def __init__(self, path):
        self.name = os.path.basename(path)
        with open(path) as file:
            self.text = [""] + file.read().splitlines()
        self.lines = collections.Counter()
        self.branches = {}

    def add(self, line):
        number = line["line_number"]
        self.lines[number] += line["count"]
        counts = [branch["count"] for branch in line["branches"]]
        if not counts or WATCHING.search(self.text[number]):
            return
        # A line of a header is in many objects, not always with the same branches.
        old = self.branches.setdefault((number, len(counts)), [0] * len(counts))
        for n, count in enumerate(counts):
            old[n] += count

    def missed(self):
        """{function: [line]} of lines that never ran"""
        found = collections.defaultdict(list)
        for number in sorted(self.lines):
            if not self.lines[number]:
                found[self.function(number)].append(number)
        return found

    def function(self, number):
        """What a line is in: gcov does not know of those that were inlined"""
        while number and not (start := FUNCTION.match(self.text[number])):
            number -= 1
        return start[1] if number else ""


def add_test(sources, notes, folder):
    """What one test has left"""
    with tempfile.TemporaryDirectory() as work:
        for path in glob.glob(notes + "/kernel/**/*.gcno", recursive=True):
            data = folder + path[len(notes):-len("gcno")] + "gcda"
            if not os.path.exists(data):
                continue
            name = os.path.relpath(path, notes).replace("/", "#")
            shutil.copy(path, os.path.join(work, name))
            shutil.copy(data, os.path.join(work, name[:-len("gcno")] + "gcda"))
        data = sorted(glob.glob(work + "/*.gcda"))
        if not data:
            return
        run = subprocess.run(["gcov", "-b", "--json-format", "--stdout"] + data,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    for text in run.stdout.splitlines():
        report = json.loads(text)
        for file in report["files"]:
            path = os.path.realpath(os.path.join(report["current_working_directory"],
                                                 file["file"]))
            # What tracepoints are made of is the kernel's.
            if not path.startswith(notes + "/kernel/") or "/selftest/" in path or \
                    path.endswith("/trace.h"):
                continue
            if path not in sources:
                sources[path] = Source(path)
            for line in file["lines"]:
                sources[path].add(line)


def share(done, of):
    return "%.1f %%" % (100 * done / of) if of else ""


def row(name, sources):
    lines = [count for s in sources for count in s.lines.values()]
    branches = [count for s in sources for counts in s.branches.values() for count in counts]
    return "%-17s  %6d  %8s  %8d  %8s" % (
        name, len(lines), share(sum(map(bool, lines)), len(lines)),
        len(branches), share(sum(map(bool, branches)), len(branches)))


def table(sources):
    rule = "=" * 17 + "  ======  ========  ========  ========"
    rows = [rule, "File                Lines   reached  Branches     taken", rule]
    rows += [row(s.name, [s]).rstrip() for s in sources]
    rows += [row("all", sources), rule]
    return "\n".join(rows)


def write_table(document, text):
    with open(document) as file:
        old = file.read()
    new = re.sub(r"(?m)^=====[= ]*\nFile .*\n(?:.+\n)+(?:\nWithout .*\n(?:.+\n)*)?",
                 lambda _: text + "\n", old)
    with open(document, "w") as file:
        file.write(new)


def missing(folder):
    """What tests have not left anything there, as a sentence"""
    names = subprocess.run(["make", "-s", "-C", os.path.join(REPO, "selftests"), "list-debug"],
                           stdout=subprocess.PIPE, check=True, text=True).stdout.split()
    names = [name[:-len(".sh")] for name in names
             if not glob.glob("%s/%s*/gcov" % (folder, name[:-len(".sh")]))]
    return "\n\n" + textwrap.fill("Without " + ", ".join(names) + ".", 80,
                                 break_on_hyphens=False) if names else ""


def reasons():
    """The functions that need not be reached as a whole, as (file, function), and those of
    them that sometimes are"""
    found, at_times = set(), set()
    if os.path.exists(REASONS):
        with open(REASONS) as file:
            items = file.read().split("\n- ")
        for item in items:
            for name, functions in re.findall(r"``([\w-]+\.[ch]):\s+([^`]*)``", item):
                these = {(name, function) for function in re.split(r",\s*", functions)}
                found |= these
                if "lucky" in item:
                    at_times |= these
    return found, at_times


def main():
    folder = os.path.realpath(sys.argv[1])
    notes = os.path.realpath(os.path.join(folder, "notes"))
    found = {}
    for test in sorted(glob.glob(folder + "/*/gcov")):
        add_test(found, notes, test)
    sources = [found[path] for path in sorted(found)]
    if not sources:
        sys.exit("coverage: nothing in " + folder)

    print(table(sources))
    if len(sys.argv) > 2:
        write_table(sys.argv[2], table(sources) + missing(folder))
    needless, at_times = reasons()
    status = 0
    for source in sources:
        for function, lines in source.missed().items():
            if (source.name, function) in needless:
                needless.remove((source.name, function))
                continue
            status = 1
            print("%s: %s, not reached:" % (source.name, function))
            for number in lines:
                print("%6d: %s" % (number, source.text[number]))
    for name, function in sorted(needless - at_times):
        status = 1
        print("%s: %s, reached, so the reason why not is needless" % (name, function))
    sys.exit(status)


main()
