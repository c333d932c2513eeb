#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""sums.py SERVER CLIENT HOST RELAY OURS ADDRESS PORT: the number of packets given to a link
is the number sent plus those counted with a reason.

The first five are namespaces of the laboratory; OURS has a client of ours, at ADDRESS."""

import json
import os
import socket
import sys
import time

from netlab import Counted, gone_even, ip, nft, options, run
from pkt import *

server_ns, client_ns, host_ns, relay_ns, our_ns, ME = sys.argv[1:7]
OURS = ("198.51.100.33", int(sys.argv[7]))
SERVER = "203.0.113.1"
CLIENT = "198.51.100.1"
RELAY = ("192.0.2.1", 3545)
FAILSLAB = "/sys/kernel/debug/failslab/"

# Reasons to drop received datagrams; the other rx counters are about accepted ones, and
# errors.
RX_REASONS = ["rx-" + r for r in (
    "truncated", "malformed", "trailer", "outer-source", "outer-dest", "loop", "not-ready",
    "misplaced", "inner-source", "inner-dest", "mapping", "unknown-peer", "not-served", "too-big",
    "solicitation-bad", "secure", "ecn", "no-memory", "limited", "no-controller")]

# Reasons to drop packets given to the link; the other tx counters are about what the link
# sends itself (tx-limited, tx-failed), or about received packets.
REASONS = ["tx-" + r for r in (
    "inner-source", "inner-dest", "not-global", "not-ready", "too-big", "no-route", "loop",
    "malformed", "no-memory", "queue-full", "unreachable", "peer-limit", "site-limit",
    "stranger-limit", "refused", "congested", "forgotten")]

server = Port(server_ns, SERVER, 3544)
client = Port(client_ns, CLIENT, 41000)
A = teredo(SERVER, CLIENT, 41000)
host = App(host_ns, "2001:db8:2::1", 9000)


def tc(*words, namespace=relay_ns):
    return run("nsenter", "--net=/run/netns/" + namespace, "tc", *words)


def silent(n):
    return teredo(SERVER, "198.51.100.2", 5000 + n)


def count(namespace=relay_ns):
    link, = json.loads(ip(namespace, "-s", "-j", "link", "show", "teredo0"))
    known = stats(namespace)
    now = {reason: known[reason] for reason in REASONS}
    queue, = json.loads(tc("-s", "-j", "qdisc", "show", "dev", "teredo0", namespace=namespace))
    now["given"] = queue["packets"]
    now["sent"] = link["stats64"]["tx"]["packets"]
    now["dropped"] = link["stats64"]["tx"]["dropped"]
    return now


def rest(now):
    """Return how many packets given to the link are unaccounted for."""
    return now["given"] - now["sent"] - sum(now[reason] for reason in REASONS)


def give_up():
    """Wait until all held packets are given up, after 8 s."""
    time.sleep(10)      # by the protocol's clock


def send(to, number):
    for n in range(number):
        host.send(b"%d" % n, to)
    time.sleep(0.2)     # the stack's work for them


def peer(*words):
    run("teredo-tool", "-n", relay_ns, "peer", *words)


def strangers():
    """Forged native hosts send echo requests, more than are tested, so that some answers
    and some tests are refused."""
    by = Port(client_ns, CLIENT, 41001)
    for n in range(500):
        by.send(echo("2001:db8:6:%x::%x" % (n, n), ME, b"12345678"), OURS)
    time.sleep(0.2)     # the stack's work for them


def walk():
    """A program makes the client test many native hosts, none of which answers."""
    app = App(our_ns, ME, 9000)
    app.socket.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)    # SO_SNDBUFFORCE: all are held
    began = time.time()
    for n in range(1500):
        try:
            app.send(b"x", "2001:db8:7::%x" % (n + 1))
        except OSError:
            pass
    walk.took = time.time() - began


def meet():
    server.drain()
    host.send(b"hello", A)
    got = server.receive()
    client.send(bubble(A, got.source if got else "fe80::1"), RELAY)
    return client.next_of(UDP)


def speak():
    """The client sends a bubble, so that the relay does not probe it, which would take too
    long now."""
    client.send(bubble(A, "fe80::1"), RELAY)


def errors():
    """Return types and codes of all ICMPv6 errors that the host has got."""
    found = set()
    while got := host.error(0.3):
        found.add(got[1:])
    return found


ADDRESS_UNREACHABLE = (1, 3)


def accounted(what, reason, least, *sends, namespace=relay_ns, told=None):
    """With something broken, packets are refused with that reason, all are accounted for,
    and the host gets that error, or none."""
    if namespace == relay_ns:
        time.sleep(3)   # until the limit of errors has recovered
        host.drain()
    before = count(namespace)
    for step in sends:
        step()
    now = count(namespace)
    grew = {key: now[key] - before[key] for key in now if now[key] != before[key]}
    heard = errors() if namespace == relay_ns else set()
    t.check(what, grew.get("given", 0) >= least and grew.get(reason, 0) >= least and
            not rest(now) and now["dropped"] == sum(now[r] for r in REASONS) and
            heard == ({told} if told else set()), (grew, now, heard))


def link_statistics():
    link, = json.loads(ip(relay_ns, "-s", "-s", "-j", "link", "show", "teredo0"))
    return {way + " " + name: value for way in ("rx", "tx")
            for name, value in link["stats64"][way].items()}


def observed(what, sends, **wanted):
    """Check how the link's statistics change, and that they agree with the counters."""
    before = link_statistics()
    with Counted(relay_ns) as counted:
        sends()
    now = link_statistics()
    grew = {key: now[key] - before[key] for key in now if now[key] != before[key]}
    wanted = {key.replace("_", " "): value for key, value in wanted.items() if value}
    dropped = sum(counted.after[r] for r in RX_REASONS)
    t.check(what, grew == wanted and now["rx dropped"] == dropped,
            (grew, wanted, now["rx dropped"], dropped))


def walk_site():
    """One site sends to many clients until it is limited; note the errors it gets."""
    before = stats(relay_ns)["tx-site-limit"]
    for n in range(20):
        for to in range(300):
            host.send(b"x", teredo(SERVER, "198.51.100.3", 1024 + n * 300 + to))
        if stats(relay_ns)["tx-site-limit"] >= before + 50:
            break
    walk_site.heard = errors()


with Ktap(25 + os.path.exists(FAILSLAB)) as t:
    # The link needs no queue, but this one counts the packets given to it.
    tc("qdisc", "add", "dev", "teredo0", "root", "pfifo")
    t.check("a client answers", data_of(meet()) == b"hello")
    accounted("what is sent is sent", "sent", 50, lambda: send(A, 50))

    # The link's own statistics
    whole = datagram(A, "2001:db8:2::1", 7, 9000, bytes(100))
    observed("packets and octets out", lambda: [host.send(bytes(100), A) for n in range(20)],
             tx_packets=20, tx_bytes=20 * 148)
    observed("packets and octets in", lambda: [client.send(whole, RELAY) for n in range(20)],
             rx_packets=20, rx_bytes=20 * 148)
    observed("bubbles are no packets", lambda: [client.send(bubble(A, "fe80::1"), RELAY)] * 3)
    bad = [whole[:30], b"\x45" + whole[1:], whole + trailer(0x41, b"x"), auth(b"noncense") + whole,
           datagram(silent(99), "2001:db8:2::1", 7, 9000, b"x"), datagram(A, "fe80::1", 7, 9, b"x"),
           datagram("2001:db8:9::9", "2001:db8:2::1", 7, 9000, b"x")]
    observed("what is dropped on its way in", lambda: [client.send(b, RELAY) for b in bad * 3],
             rx_dropped=3 * len(bad))

    # Something behind the link refuses it.
    nft(relay_ns, "table ip broken { chain out { type filter hook output priority 0; "
        "ip daddr %s udp dport 41000 drop } }" % CLIENT)
    accounted("netfilter drops it", "tx-refused", 50, lambda: send(A, 50))
    nft(relay_ns, "delete table ip broken")
    nft(relay_ns, "table ip broken { chain post { type filter hook postrouting priority 0; "
        "ip daddr %s udp dport 41000 drop } }" % CLIENT)
    accounted("after routing, too", "tx-refused", 50, lambda: send(A, 50))
    nft(relay_ns, "delete table ip broken")
    speak()
    tc("qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "8kbit", "burst", "2000", "limit", "2000")
    accounted("a queue is full", "tx-congested", 50, lambda: send(A, 100))
    tc("qdisc", "del", "dev", "eth0", "root")
    for kind in "unreachable", "prohibit", "blackhole":
        speak()
        ip(relay_ns, "route", "add", kind, CLIENT)
        accounted("no IPv4 route: %s" % kind, "tx-no-route", 20, lambda: send(A, 20),
                  told=ADDRESS_UNREACHABLE)
        ip(relay_ns, "route", "del", kind, CLIENT)

    # No peer answers, and held packets are given up.
    accounted("the queue of a peer is full, and nobody answers", "tx-queue-full", 8,
              lambda: send(silent(0), 40), give_up, told=ADDRESS_UNREACHABLE)
    accounted("a peer that does not answer", "tx-unreachable", 20, lambda: send(silent(0), 20),
              told=ADDRESS_UNREACHABLE)
    accounted("the peer is removed", "tx-forgotten", 20, lambda: send(silent(1), 20),
              lambda: peer("del", "teredo0", silent(1)), told=ADDRESS_UNREACHABLE)
    accounted("all are removed", "tx-forgotten", 20, lambda: send(silent(2), 20),
              lambda: peer("flush", "teredo0"), told=ADDRESS_UNREACHABLE)
    options(relay_ns, "peers-max", "16")
    accounted("a peer makes room for another one", "tx-peer-limit", 4,
              lambda: [send(silent(10 + n), 1) for n in range(20)], give_up,
              told=ADDRESS_UNREACHABLE)
    options(relay_ns, "peers-max", "100000")
    accounted("one site calls too many clients", "tx-site-limit", 50, walk_site, give_up,
              told=ADDRESS_UNREACHABLE)
    # Nothing was given up before, so the errors are about the limit.
    t.check("which it is told", walk_site.heard == {ADDRESS_UNREACHABLE}, walk_site.heard)
    peer("flush", "teredo0")
    options(relay_ns, "peers-max", "1000")

    # A client, which also suppresses tests: those are not packets.
    tc("qdisc", "add", "dev", "teredo0", "root", "pfifo", namespace=our_ns)
    accounted("too many strangers for a client to answer", "tx-stranger-limit", 100,
              strangers, give_up, namespace=our_ns)
    withheld = stats(our_ns)["tx-limited"]
    accounted("too many hosts for it to test at once", "tx-unreachable", 1400,
              walk, give_up, namespace=our_ns)
    withheld = stats(our_ns)["tx-limited"] - withheld
    # 1000 tests a second, and 500 at once for a heavy user
    t.check("tests that a limit withholds are not packets",
            withheld >= 900 - 1000 * walk.took, (withheld, walk.took))

    # No memory for some packets
    if os.path.exists(FAILSLAB):
        def failslab(**settings):
            for name, value in settings.items():
                with open(FAILSLAB + name.replace("_", "-"), "w") as setting:
                    setting.write(value)

        meet()
        failslab(probability="20", interval="1", times="-1", verbose="0", ignore_gfp_wait="Y",
                 task_filter="N")
        for n in range(40, 60):
            for to in [A, silent(n)] * 10:
                try:
                    host.send(b"x", to)
                except OSError:
                    pass
        failslab(probability="0")
        give_up()
        now = count()
        t.check("no memory, now and then: some is lost, and accounted for",
                now["tx-no-memory"] > 0 and not rest(now), now)

    # The link goes down with held packets.
    send(silent(70), 20)
    before = count()
    ip(relay_ns, "link", "set", "teredo0", "down")
    now = dict(count(), given=before["given"])
    t.check("the link goes down", now["tx-forgotten"] - before["tx-forgotten"] == 20 and
            not rest(now), now)

    # Fill and empty the queue a thousand times, in each possible way.
    ip(relay_ns, "link", "set", "teredo0", "up")
    ip(relay_ns, "-6", "route", "add", "2001::/32", "dev", "teredo0")
    options(relay_ns, "peers-max", "4000", "queue", "2")
    others = Forger(client_ns)
    for round in range(4):
        for n in range(250):
            for _ in range(3):
                host.send(b"%d" % n, silent(2000 + n))
            if round != 2:      # peers answer, or are deleted, or given up
                others.send(bubble(silent(2000 + n), "fe80::1"), ("198.51.100.2", 7000 + n), RELAY)
        if round == 2:
            give_up()
        peer("flush", "teredo0")
        time.sleep(1)       # the site's limit recovers
    t.check("what was filled a thousand times is empty", tool(relay_ns)[0]["peers"] == 0,
            tool(relay_ns))
    t.check("links go, and their accounts are even", gone_even(relay_ns, our_ns))
