#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""conformance.py [-l] [RESULTS]: is Documentation/conformance.rst true?

The names of results end with the ids of the rules that they show, as in "a
nonce that differs is dropped (C-26, SEC-04)" or "qualifies (C-12..C-21)".  The
table says of each rule which tests show it.  This compares the two: every rule
is there once, the tests it names have results with its id, and no result has an
id that is unknown.

Without RESULTS the ids are looked for in the sources of the tests.  RESULTS is
a folder of what the tests wrote, TEST.ktap each: then they have to have passed.
-l lists all ids with the tests that cite them.
"""

import os
import re
import sys

SELFTESTS = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
DOCUMENTS = os.path.join(SELFTESTS, "..", "Documentation")

# The rules are numbered from 1.  Those of the second line may be cited, but are
# no rows of the table: extensions, features of peers, decisions.
ROWS = {"F": 55, "C": 100, "S": 34, "R": 30, "SEC": 53}
OTHERS = {"X": 73, "M": 42, "P": 59, "D": 34}
EVERY = ["%s-%02d" % (kind, n + 1) for kind, last in ROWS.items() for n in range(last)]

ID = r"(?:%s)-\d\d+" % "|".join(list(ROWS) + list(OTHERS))
LIST = re.compile(r"\((%s(?:\.\.%s)?(?:, %s(?:\.\.%s)?)*)\)" % (ID, ID, ID, ID))
RESULT = re.compile(r"\s*(not )?ok \d+ (?:- )?(.*?)(\s# SKIP\b.*)?$")
LEVEL = re.compile(r"(MUST|SHOULD|MAY)\*?$")
TESTS = re.compile(r"([a-z][a-z0-9-]*(?:, [a-z][a-z0-9-]*)*)(?:; (.+))?$")


def read(*path):
    with open(os.path.join(*path), errors="replace") as file:
        return file.read()


def ids_in(name):
    """The ids that the name of a result cites, ranges told one by one"""
    found = []
    for group in LIST.findall(name):
        for part in group.split(", "):
            ends = part.split("..")
            kind, first = ends[0].split("-")
            last = ends[-1].split("-")[1]
            found += ["%s-%02d" % (kind, n) for n in range(int(first), int(last) + 1)]
    return found


def is_known(rule):
    kind, number = rule.split("-")
    return 1 <= int(number) <= {**ROWS, **OTHERS}[kind]


# -- what there is --

def test_names():
    """The tests of the Makefile, without .sh"""
    makefile = read(SELFTESTS, "Makefile").replace("\\\n", " ")
    programs = re.search(r"^TEST_PROGS := (.*)$", makefile, re.M)[1]
    return [os.path.splitext(name)[0] for name in programs.split()]


def sources(test):
    """The script of a test, and what it runs"""
    script = read(SELFTESTS, test + ".sh")
    yield script
    for name in sorted(set(re.findall(r"(?:\$selftests(?:/\w+)?|/tools)/([\w-]+)", script))):
        for path in ("cast/%s.py" % name, "lib/%s.c" % name, "../tools/test/%s.c" % name):
            if os.path.exists(os.path.join(SELFTESTS, path)):
                yield read(SELFTESTS, path)


def cited_in_sources(test):
    """{id: True} of all that its results cite"""
    cited = {}
    for text in sources(test):
        for line in text.splitlines():
            # Comments cite, too, but show nothing.
            if not re.match(r"\s*(#|/?\*|//)", line) and '"' in line:
                cited.update(dict.fromkeys(ids_in(line), True))
    return cited


def cited_in_results(path):
    """{id: all that cite it have passed}"""
    cited = {}
    for line in read(path).splitlines():
        got = RESULT.match(line)
        for rule in ids_in(got[2]) if got else []:
            cited[rule] = cited.get(rule, True) and not got[1] and not got[3]
    return cited


# -- what is said --

def table():
    """Rows as (id, level, what shows it), from the document's simple tables"""
    rows, columns = [], None
    for line in read(DOCUMENTS, "conformance.rst").splitlines():
        if re.match(r"=+(  =+){4}$", line):
            columns = [match.start() for match in re.finditer(r"=+", line)]
        elif not line.strip():
            columns = None
        elif columns:
            cells = [line[a:b].strip() for a, b in zip(columns, columns[1:] + [None])]
            if re.fullmatch(ID, cells[0]):
                rows.append([cells[0], cells[1], cells[4]])
            elif rows and not any(cells[:4]):
                rows[-1][2] += " " + cells[4]
    return rows


def check_row(rule, level, shown, cited):
    """What is wrong with a row"""
    word, _, reason = shown.partition(": ")
    if not LEVEL.match(level):
        return "is no level: " + level
    if word == "not built":
        return "" if reason and level.startswith("MAY") else "only what MAY be can be left out"
    if word == "argued":
        return "" if reason and level.endswith("*") else "only a rule with a star can be argued"
    named = TESTS.match(shown)
    if not named:
        return "neither tests nor a reason: " + shown
    if (named[2] or "").startswith("differs") and not re.search(
            r"^(?:\w+-\d+, )*%s\b.*$" % rule, read(DOCUMENTS, "internals.rst"), re.M):
        return "differs, and internals.rst does not say why"
    for test in named[1].split(", "):
        if test not in cited:
            return "%s has no results, or is no test" % test
        if not cited[test].get(rule):
            return "%s %s" % (test, "failed" if rule in cited[test] else "does not show it")
    return ""


def main(arguments):
    listing = "-l" in arguments
    folder = [argument for argument in arguments if argument[0] != "-"]
    names = test_names()

    if folder:
        cited = {name: cited_in_results(os.path.join(folder[0], name + ".ktap"))
                 for name in names if os.path.exists(os.path.join(folder[0], name + ".ktap"))}
    else:
        cited = {name: cited_in_sources(name) for name in names}
    if listing:
        for rule in EVERY:
            print(rule, *[name for name in names if rule in cited.get(name, ())])
        return 0

    rows = table()
    problems = ["%s: not in the table once" % rule for rule in EVERY
                if [row[0] for row in rows].count(rule) != 1]
    problems += ["%s: no such rule" % row[0] for row in rows if row[0] not in EVERY]
    for rule, level, shown in rows:
        wrong = check_row(rule, level, shown, cited)
        problems += ["%s: %s" % (rule, wrong)] if wrong else []
    problems += ["%s: cites %s, which is unknown" % (name, rule)
                 for name in cited for rule in cited[name] if not is_known(rule)]

    for problem in problems:
        print("#", problem)
    print("# %d rules, %d problems" % (len(rows), len(problems)))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
