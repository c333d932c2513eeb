#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""secure.py SERVER RELAY OTHER: which clients a server with secrets answers, and how.

The arguments are namespaces of the laboratory.  Datagrams are sent from RELAY (192.0.2.1
and some more) and OTHER (198.51.100.1), without NAT.  Authentication values are computed
by Python, not by the module or the tool."""

import hmac
import json
import os
import subprocess
import sys
import time

from pkt import *

server_ns, relay_ns, other_ns = sys.argv[1:]
PRIMARY, SECONDARY = "203.0.113.1", "203.0.113.2"
TO = (PRIMARY, 3544)
TO2 = (SECONDARY, 3544)
LENGTH = {"sha1": 20, "sha256": 32}

a = Port(relay_ns, "192.0.2.1", 40001)
b = Port(other_ns, "198.51.100.1", 40003)
crowd = [Port(relay_ns, "192.0.2.%d" % n, 40001) for n in range(3, 13)]


def tool(*arguments, stdin=b""):
    return subprocess.run(("teredo-tool", "-n", server_ns) + arguments,
                          input=stdin, stdout=subprocess.PIPE, check=True).stdout


def secret(ident, key, *more):
    tool("secret", "replace", "teredo0", ident, "-", *more, stdin=key)


def stat(name):
    return json.loads(tool("-j", "show", "stats", "teredo0"))[0][name]


class Client:
    """An identifier and its secret"""

    def __init__(self, ident, key, digest="sha1"):
        self.ident, self.key, self.digest = ident.encode(), key, digest

    def value(self, text):
        return hmac.new(self.key, text, self.digest).digest()

    def request(self, nonce=None, packet=None, confirm=0):
        """Return a signed solicitation."""
        tail = (nonce or os.urandom(8)) + bytes([confirm]) + (packet or solicitation())
        return (bytes([0, 1, len(self.ident), LENGTH[self.digest]]) + self.ident +
                self.value(tail) + tail)

    def judge(self, raw, nonce, confirm, mapped):
        """Return what is wrong with an answer, '' if nothing."""
        if not raw:
            return "no answer"
        payload = raw[0]
        size = 4 + len(self.ident) + LENGTH[self.digest]
        got = Packet(*raw)
        if got.error:
            return got.error
        if payload[:4 + len(self.ident)] != bytes(
                [0, 1, len(self.ident), LENGTH[self.digest]]) + self.ident:
            return "head: " + payload[:4 + len(self.ident)].hex()
        if payload[4 + len(self.ident):size] != self.value(payload[size:]):
            return "wrong value: " + payload.hex()
        want = (nonce, confirm, mapped, RA)
        have = (got.nonce, got.confirm, got.origin, got.body[0])
        return "" if have == want else "got %s\nexpected %s" % (have, want)


def exchange(client, port=a, to=TO, confirm=0, packet=None):
    """Send a solicitation; return what is wrong with the answer, '' if nothing."""
    port.drain()
    nonce = os.urandom(8)
    port.send(client.request(nonce, packet), to)
    return client.judge(port.receive_raw(), nonce, confirm, (port.address, port.port))


def unanswered(payloads, port=a, marker=None):
    """Send what must not be answered; return what is answered, '' if nothing.

    Does not wait: the answer to a solicitation sent afterwards comes last."""
    marker = marker or alice
    port.drain()
    for number, payload in enumerate(payloads):
        port.send(payload, TO)
        if number % 200 == 199:
            port.receive_raw(0.01)
    nonce = os.urandom(8)
    port.send(marker.request(nonce), TO)
    got = port.receive()
    if not got:
        return "the server answers no more"
    return "" if got.nonce == nonce else "answer: %s" % vars(got)


def plain(request, port=a):
    port.drain()
    port.send(request, TO)
    return port.receive()


def said(what, problem):
    t.check(what, not problem, problem)


alice = Client("alice", b"a secret of alice's")
bob = Client("bob", bytes(range(32)), "sha256")
long = Client("x" * 255, b"\xff\0\n" * 85)

with Ktap(34) as t:
    secret("alice", alice.key + b"\n")
    secret("bob", b"hex:" + bob.key.hex().encode(), "algorithm", "hmac-sha256")
    secret(long.ident.decode(), b"hex:" + long.key.hex().encode())
    tool("set", "teredo0", "secure", "required")

    said("a signed solicitation: identifier, nonce and value come back (S-21, C-28)",
         exchange(alice))
    said("from the secondary address, too (S-18, S-21)", exchange(alice, to=TO2))
    said("HMAC with SHA-256, as agreed for this identifier (C-31)", exchange(bob))
    said("identifier and secret as long as can be (F-21)", exchange(long))
    said("options of the solicitation are covered, too (C-28)", exchange(
        alice, packet=solicitation(options=b"\1\1\2\0\0\0\0\1")))

    before = stat("rx-secure")
    nonce = os.urandom(8)
    said("required: unsigned solicitations are refused (S-07)", unanswered([
        solicitation(), auth(nonce) + solicitation(),
        auth(nonce, b"", bytes(20)) + solicitation(),
        auth(nonce, b"alice", b"") + solicitation()]))
    t.check("and counted as such (S-07)", stat("rx-secure") == before + 4,
            stat("rx-secure") - before)
    mallory = Client("alice", b"a secret of mallory's")
    stolen = Client("alice", bob.key)
    other = Client("alice", alice.key, "sha256")
    said("wrong secret, unknown identifier, another algorithm (C-29)", unanswered(
        [c.request() for c in (
            mallory, stolen, other, Client("alicf", alice.key),
            Client("alic", alice.key), Client("Alice", alice.key),
            Client("alice\0", alice.key), Client("bob", alice.key),
            Client("y" * 255, long.key))]))
    said("any bit changed on the way (C-29, C-32, SEC-04)", unanswered(flips(alice.request())))
    said("any bit changed, SHA-256 and an option (C-29, C-31)", unanswered(flips(
        bob.request(packet=solicitation(options=b"\1\1\2\0\0\0\0\1"))), crowd[0]))
    good = alice.request()
    said("any length of identifier and value but the right one (F-21, F-27, C-29)",
         unanswered([good[:2] + bytes([n]) + good[3:] for n in range(256) if n != 5] +
                    [good[:3] + bytes([n]) + good[4:] for n in range(256) if n != 20] +
                    [good[:2] + bytes([5 + n, 20 - n]) + good[4:]
                     for n in range(-5, 21) if n]))
    said("every truncation (F-26, F-27)", unanswered(
        [good[:n] for n in range(len(good))]))
    truncated = [good[:4] + good[4:9] + alice.value(good[29:])[:n] + good[29:]
                 for n in range(20)]
    said("truncated values, with their length (C-29)", unanswered(
        [bytes([0, 1, 5, n]) + whole[4:] for n, whole in enumerate(truncated)]))
    tail = good[29:]
    said("a value over less than there is (C-28)", unanswered(
        [good[:9] + hmac.new(alice.key, text, "sha1").digest() + tail
         for text in (b"", tail[:8], tail[:9], tail[9:], tail[:8] + tail[9:],
                      tail + bytes(1), tail[:-1], good)]))

    # Repeating another client's solicitation reveals nothing about it: the answer is about
    # the address that asks.
    nonce = os.urandom(8)
    seen = alice.request(nonce)
    problems = []
    for port in (a, a, b):
        port.send(seen, TO)
        problems.append(alice.judge(port.receive_raw(), nonce, 0,
                                    (port.address, port.port)))
    said("replayed, each is answered with the origin of its sender (S-17, S-21)",
         "\n".join(filter(None, problems)))

    # States
    tool("secret", "set", "teredo0", "alice", "renew")
    said("re-key wanted: confirmation byte 1, the answer is authentic (S-32, C-27)",
         exchange(alice, confirm=1))
    tool("secret", "set", "teredo0", "alice", "revoked")
    said("revoked: confirmation byte 2, the answer is authentic (S-21, S-32)",
         exchange(alice, confirm=2))
    said("and it still has to be signed (C-29)", unanswered(
        [mallory.request()], marker=bob))
    tool("secret", "set", "teredo0", "alice", "valid")
    said("valid again: 0 (S-32)", exchange(alice))
    changed = Client("alice", b"another secret of alice's")
    secret("alice", changed.key)
    said("another secret, from one packet to the next (S-32)", exchange(changed))
    said("the old one is worth nothing any more (S-32)", unanswered(
        [alice.request()], marker=changed))
    secret("alice", alice.key)
    tool("secret", "del", "teredo0", "bob")
    said("deleted: no answer (S-32)", unanswered([bob.request()]))

    # Secrets are not required
    tool("set", "teredo0", "secure", "nonce")
    said("secure nonce: signed as before (S-21)", exchange(alice))
    said("wrong values are refused all the same (C-29)", unanswered(
        [mallory.request(), bob.request()]))
    answer = plain(auth(nonce) + solicitation())
    t.check("a nonce alone comes back (S-22)",
            answer and (answer.nonce, answer.auth, answer.confirm) == (nonce, b"", 0))
    answer = plain(solicitation())
    t.check("and without one there is none (S-22)", answer and answer.auth is None)
    tool("set", "teredo0", "secure", "off")
    answer = plain(mallory.request(nonce))
    t.check("secure off: no identifier in the answer (S-23)",
            answer and (answer.nonce, answer.auth) == (nonce, b""))
    tool("set", "teredo0", "secure", "required")

    # Many
    users = [Client("user%d" % n, os.urandom(20)) for n in range(10000)]
    tool("secret", "load", "teredo0", "-", stdin=b"".join(
        b"%s hex:%s\n" % (u.ident, u.key.hex().encode()) for u in users))
    names = [s["id"] for s in json.loads(tool("-j", "secret", "list", "teredo0"))]
    t.check("10000 more secrets, each listed once (S-32)",
            sorted(names) == sorted(["alice", "x" * 255] +
                                    [u.ident.decode() for u in users]), len(names))
    problems = [exchange(user, crowd[n % len(crowd)]) for n, user in enumerate(users[::37])]
    t.check("each of which the server knows (S-32)", not any(problems), problems)
    text = tool("secret", "list", "teredo0") + tool("-j", "secret", "list", "teredo0")
    t.check("no list tells a secret (SEC-19)", not any(
        u.key.hex().encode() in text or u.key in text for u in users) and
        alice.key not in text)

    # Limits (SEC-35)
    time.sleep(2)       # the address's limit recovers
    wrong = [mallory.request() for _ in range(2000)]
    said("2000 forged solicitations use nothing up of their address (SEC-35)",
         unanswered(wrong, b))
    good = [alice.request() for _ in range(4000)]
    before, start = (stat("rx-limited"), stat("tx-advertisement")), time.time()
    for request in good:
        b.send(request, TO)
    limited, heard = stat("rx-limited") - before[0], stat("tx-advertisement") - before[1]
    # A heavy user gets a quarter of the burst, and a little of that may have been used
    # before.
    most = 1100 + 2000 * (time.time() - start)
    t.check("4000 good ones of one address: as many as the limit allows (SEC-35)",
            990 <= heard <= most and limited == 4000 - heard,
            "%d answers, %d limited" % (heard, limited))
    b.drain()
    said("which is not another one's (SEC-35)", exchange(alice, a))
    time.sleep(0.1)     # in which ten more answers are allowed
    said("and soon over (SEC-35)", exchange(alice, b))
