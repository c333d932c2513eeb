# SPDX-License-Identifier: GPL-2.0
"""What tests in Python do to namespaces: links, rules, options, counters."""

import json
import subprocess

from pkt import settled, stats


def run(*words, text=None):
    done = subprocess.run(words, input=text, text=True, capture_output=True)
    if done.returncode:
        raise RuntimeError("%s: %s" % (" ".join(words), done.stderr))
    return done.stdout


def ip(namespace, *words):
    return run("ip", "-n", namespace, *words)


def nft(namespace, text):
    run("nsenter", "--net=/run/netns/" + namespace, "nft", "-f", "-",
        text=text.replace("}", "\n}\n"))


def counters(namespace, *names):
    """Packets that counters of the table test have seen"""
    listed = json.loads(run("nsenter", "--net=/run/netns/" + namespace, "nft", "-j",
                            "list", "counters"))["nftables"]
    found = {c["counter"]["name"]: c["counter"]["packets"] for c in listed if "counter" in c}
    return [found[n] for n in names]


def options(namespace, *words):
    run("teredo-tool", "-n", namespace, "set", "teredo0", *words)


def gone_even(*namespaces):
    """The links teredo0 there go; what they counted of others comes out as nothing, or the
    kernel says so"""
    def complaints():
        return run("dmesg").count("WARNING: ")

    before = complaints()
    for namespace in namespaces:
        ip(namespace, "link", "del", "teredo0")
    return complaints() == before


class Counted:
    """How much counters grow within a with block, and until all that was sent in it has
    been counted"""

    def __init__(self, namespace):
        self.namespace = namespace

    def __enter__(self):
        self.before = stats(self.namespace)
        return self

    def __exit__(self, *_):
        self.after = settled(lambda: stats(self.namespace), 0.1)

    def __getitem__(self, name):
        return self.after[name] - self.before[name]
