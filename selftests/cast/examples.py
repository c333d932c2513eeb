#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The examples in our documents: examples.py FOLDER FILE... writes each one to FOLDER/N,
and prints a line for each: N, the reason why it is not run or "-", and its file and
line.

An example is a literal block.  The reason is a comment right above it that begins with
"not run: ", in the syntax of the document."""
import re
import sys


def indented(lines, begins):
    """Yield blocks of lines indented by four, each after lines for which begins() is true."""
    at = 0
    while at < len(lines):
        start = at
        while at < len(lines) and (lines[at].startswith("    ") or not lines[at].strip()):
            at += 1
        block = lines[start:at]
        while block and not block[-1].strip():
            block.pop()
        while block and not block[0].strip():
            block.pop(0)
            start += 1
        if block and begins(lines[:start]):
            yield start, [line[4:] for line in block]
        at = max(at, start + 1)


def markdown(lines):
    return indented(lines, lambda before: not before[-1].strip())


def restructured(lines):
    """Yield the blocks after paragraphs that end in two colons."""
    def begins(before):
        said = [line for line in before if line.strip() and not line.startswith("..")]
        return said[-1].rstrip().endswith("::")
    return indented(lines, begins)


def manual(lines):
    block = None
    for at, line in enumerate(lines):
        if line == ".nf":
            start, block = at + 1, []
        elif line == ".fi":
            yield start, [text.replace("\\-", "-") for text in block]
            block = None
        elif block is not None:
            block.append(line)


def reason(lines, start):
    """Return the reason in the comment above, which may have blank lines and macros around
    it."""
    above = [line for line in lines[max(0, start - 6):start]
             if line.strip() and line not in (".PP", ".RS", ".nf")]
    match = above and re.match(r'(?:<!-- |\.\. |\.\\" )not run: (.*?)(?: -->)?$', above[-1])
    return match.group(1) if match else "-"


folder, number = sys.argv[1], 0
for path in sys.argv[2:]:
    with open(path) as f:
        lines = f.read().split("\n")
    blocks = {"md": markdown, "rst": restructured}.get(path.rsplit(".", 1)[-1], manual)
    for start, block in blocks(lines):
        number += 1
        with open(f"{folder}/{number}", "w") as f:
            f.write("\n".join(block) + "\n")
        print(f"{number}\t{reason(lines, start)}\t{path.rsplit('/', 1)[-1]}:{start + 1}")
