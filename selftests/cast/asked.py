#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""asked.py SERVER CLIENT ADDRESS PORT: several solicitations at a time, and the result of
each, for a client at 198.51.100.33.

The first two are namespaces; this program is the client's controller, and its server."""

import os
import sys

from listen import Link, N
from netlab import Counted
from pkt import *

server_ns, client_ns, ME, port = sys.argv[1:]
SERVER = ("203.0.113.1", 3544)
CLIENT = ("198.51.100.33", int(port))
ASKED, ANSWERS = 16, 4      # solicitations expected at a time, and answers to each

server = Port(server_ns, *SERVER)
forger = Forger(server_ns)
link = Link(client_ns, "teredo0")
number = 0


def send(payload, to=SERVER):
    return link.ask("CONTROL_SEND", ADDRESS=ip4(to[0]), PORT=struct.pack("!H", to[1]),
                    PAYLOAD=payload)


def solicit(count):
    """Send so many solicitations; return the nonce of each."""
    global number
    nonces = []
    for _ in range(count):
        number += 1
        nonces.append(struct.pack("!LL", 0x5eed, number))
        problem = send(auth(nonces[-1]) + solicitation())
        if problem:
            raise RuntimeError(os.strerror(problem))
    return nonces


def answer(nonce):
    advertisement = icmp6("fe80::8000:f227:34ff:8efe", VISTA, RA, bytes(12), hops=255)
    server.send(auth(nonce) + origin(*CLIENT) + advertisement, CLIENT)


def told(command, seconds=0.5):
    """Return the datagrams given to the controller, once no more arrive."""
    while select.select([link.socket], [], [], seconds)[0]:
        link.read(0)
    dgrams = [found for kind, found in link.told if kind == N["TEREDO_CMD_" + command]]
    link.told.clear()
    return dgrams


def heard():
    return [Packet(found[N["TEREDO_A_DATAGRAM_PAYLOAD"]]).nonce for found in told("CONTROL_RECV")]


def rest():
    """Wait until all rate limits have recovered."""
    time.sleep(5)       # the time that it takes
    told("CONTROL_RECV")


def flood():
    """Send more unsolicited answers than the controller gets."""
    for _ in range(150):
        answer(os.urandom(8))


with Ktap(12) as t:
    t.check("a controller", link.ask("CONTROL_BIND") == 0)

    # Other datagrams in the server's name are rate-limited, so all these must be recognised
    # as answers.
    with Counted(client_ns) as grew:
        nonces = solicit(ASKED)
        flood()
        for nonce in nonces:
            answer(nonce)
        flood()
    got = [nonce for nonce in heard() if nonce in nonces]
    t.check("a flood: the answer to each of those that are out, from the first to the last (SEC-04)",
            got == nonces and grew["rx-limited"] >= 100, (got, grew["rx-limited"]))
    t.check("which are counted, as are the questions", grew["tx-control"] == ASKED and
            grew["rx-controller"] + grew["rx-limited"] == 300 + ASKED, grew.after)

    for nonce in reversed(nonces):
        for _ in range(ANSWERS - 1):
            answer(nonce)
    got = heard()
    t.check("a network may repeat each of them, in any order (SEC-04)",
            [got.count(nonce) for nonce in nonces] == [ANSWERS - 1] * ASKED,
            [got.count(nonce) for nonce in nonces])
    # From now on they get what others leave of the limit, a tenth at most.
    with Counted(client_ns) as grew:
        flood()
        for nonce in nonces:
            for _ in range(10):
                answer(os.urandom(8))
            answer(nonce)
    got = [nonce for nonce in heard() if nonce in nonces]
    t.check("but not without end (SEC-04)",
            len(got) <= ASKED / 2 and grew["rx-limited"] >= ASKED / 2, (got, grew["rx-limited"]))

    # Two at a time, for two servers, or because the first one was lost
    rest()
    first, second = solicit(2)
    flood()
    answer(first)
    t.check("the answer to the first one, after the second was sent (C-14, SEC-04)",
            [n for n in heard() if n in (first, second)] == [first])
    answer(second)
    t.check("and that to the second one (C-14, SEC-04)",
            [n for n in heard() if n in (first, second)] == [second])

    # One more than there is room for: the oldest is no longer expected.
    rest()
    nonces = solicit(ASKED + 1)
    flood()
    for nonce in nonces:
        answer(nonce)
    got = [nonce for nonce in heard() if nonce in nonces]
    t.check("of more than are awaited, the latest (SEC-04)", got == nonces[1:],
            [nonces.index(nonce) for nonce in got])

    # What errors quote
    def errors(nonces_, quoted):
        """Return the number of errors that the controller got about each."""
        found = []
        for nonce in nonces_:
            quote = udp4(auth(nonce) + solicitation(), CLIENT, SERVER)[:quoted]
            forger.send_icmp4(quote, SERVER[0], CLIENT[0])
            found.append(len(told("CONTROL_ERROR", 0.1)))
        return found

    for what, quoted in ("all of it", 600), ("no more than the UDP header", 28):
        rest()
        nonces = solicit(ASKED)
        got = errors(nonces, quoted), errors(nonces, quoted)
        t.check("errors about each of those that are out, once, with %s (C-64)" % what,
                got == ([1] * ASKED, [0] * ASKED), got)
        if quoted < 600:
            break
        # Those that were rejected may still be answered.
        flood()
        for nonce in nonces:
            answer(nonce)
        got = [nonce for nonce in heard() if nonce in nonces]
        t.check("which uses up none of its answers (SEC-04)", got == nonces, got)
    got = errors([os.urandom(8)], 600) + errors([os.urandom(8)], 28)
    t.check("none about what was never asked (C-64)", got == [0, 0], got)
