#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""events.py SERVER CLIENT HOST RELAY MOVED: a listener to events has the table of peers.

All are namespaces of the laboratory; the relay's link moves to MOVED, which has nothing
else, and back."""

import socket
import struct
import sys
import threading
import time

from listen import Link, Listener, N, attributes
from netlab import ip, options, run
from pkt import *

server_ns, client_ns, host_ns, relay_ns, moved_ns = sys.argv[1:]
SERVER = "203.0.113.1"
RELAY = ("192.0.2.1", 3545)

server = Port(server_ns, SERVER, 3544)
clients = [Port(client_ns, "198.51.100.1", 41000 + n) for n in range(6)]
names = [teredo(SERVER, c.address, c.port) for c in clients]
host = App(host_ns, "2001:db8:2::1", 9000)


def peer(verb, address, at=None):
    run("teredo-tool", "-n", relay_ns, "peer", verb, "teredo0", *([address] if address else []),
        *(["at", "%s:%u" % at] if at else []))


def meet(n):
    """The host sends to a client, which answers."""
    server.drain()
    host.send(b"hello", names[n])
    got = server.receive()
    clients[n].send(bubble(names[n], got.source if got else "fe80::1"), RELAY)
    return clients[n].next_of(UDP)


def same(listener):
    """Return how the listener's table differs from a dump."""
    listener.settle()
    now = Listener(relay_ns, 16 << 20).table
    wrong = {k for k in now.keys() | listener.table.keys()
             if now.get(k) != listener.table.get(k)}
    return ["%s: %s, is %s" % (k[1], listener.table.get(k), now.get(k)) for k in wrong]


with Ktap(29) as t:
    ear = Listener(relay_ns, 16 << 20)
    t.check("nobody is there", not ear.table, ear.table)

    meet(0)
    got = ear.settle().of(names[0])
    t.check("a client that we address and that answers", got == [
        ("probing", "packet"), ("trusted", "datagram")], got)

    host.send(b"hello", names[1])
    time.sleep(9)       # given up after 8 s
    got = ear.settle().of(names[1])
    t.check("one that does not", got == [
        ("probing", "packet"), ("unreachable", "silence")], got)

    peer("add", names[2], ("198.51.100.1", 7))
    peer("add", names[2], ("198.51.100.1", 8))
    peer("del", names[2])
    got = ear.settle().of(names[2])
    t.check("by hand: added, changed, removed", got == [
        ("probing", "hand"), ("trusted", "hand"), ("trusted", "hand"), ("gone", "hand")], got)

    clients[0].send(bubble(names[0], "fe80::1"), RELAY)
    t.check("what changes nothing is not told", not ear.settle().log, ear.log)

    # A packet waits for a peer that is flushed.
    host.send(b"hello", names[3])
    peer("flush", None)
    got = [ear.settle().of(names[n]) for n in (0, 1, 3)]
    t.check("flushed: each of them, once", got == [
        [("gone", "flush")], [("gone", "flush")], [("probing", "packet"), ("gone", "flush")]]
        and not ear.log and not ear.table, (got, ear.log))

    # A list of 16 is filled; then each new peer evicts one.
    options(relay_ns, "peers-max", "16")
    many = [teredo(SERVER, "198.51.100.2", 5000 + n) for n in range(20)]
    for n in range(20):
        host.send(b"hello", many[n])
    got = [ear.settle().of(name) for name in many]
    there = stats(relay_ns)["peers-evicted"]
    gone = [events for events in got if events[-1:] == [("gone", "evicted")]]
    t.check("evicted: as many as the counter says, and none before it was told of",
            len(gone) == there > 0 and
            all(e[0] == ("probing", "packet") for e in got), (there, got))
    t.check("the others are there", not same(ear) and len(ear.table) == 20 - there, same(ear))

    # Down and up; peers set by the administrator stay.
    peer("add", names[4], ("198.51.100.1", 9))
    left = [k[1] for k in ear.settle().table if k[1] != names[4]]
    ear.log.clear()
    ip(relay_ns, "link", "set", "teredo0", "down")
    got = [e for e in ear.settle().log if e[1] == "gone"]
    t.check("the link goes down: all but those by hand are gone", sorted(got) == sorted(
        (name, "gone", "down") for name in left) and len(ear.table) == 1, got)
    ear.log.clear()

    # To another namespace, and back
    there = Listener(moved_ns)
    ip(relay_ns, "link", "set", "teredo0", "netns", moved_ns)
    got = ear.settle().of(names[4]), there.settle().of(names[4])
    t.check("the link moves: its peers leave one namespace and come to the other",
            got == ([("gone", "device")], [("trusted", "device")]) and
            not ear.table and len(there.table) == 1, got)
    ip(moved_ns, "link", "set", "teredo0", "netns", relay_ns)
    got = there.settle().of(names[4]), ear.settle().of(names[4])
    t.check("and back", got == ([("gone", "device")], [("trusted", "device")]) and
            not there.table and len(ear.table) == 1, got)
    ip(relay_ns, "link", "set", "teredo0", "up")
    ip(relay_ns, "-6", "route", "replace", "2001::/32", "dev", "teredo0")

    # What happens to a link
    ip(relay_ns, "link", "set", "lo", "up")
    run("teredo-tool", "-n", relay_ns, "add", "cli0", "mode", "client", "server", SERVER)
    states = Link(relay_ns, "cli0")
    states.join(b"state")
    controller = Link(relay_ns, "cli0")

    def told(what, do, right):
        got = states.hears(do)
        t.check("a link: " + what, right(got), got)

    def has(name, value):
        return lambda found: found and found.get(N["TEREDO_A_DEV_" + name]) == value

    told("another name", lambda: ip(relay_ns, "link", "set", "cli0", "name", "cli1"),
         has("IFNAME", b"cli1\0"))
    told("it comes up", lambda: ip(relay_ns, "link", "set", "cli1", "up"),
         has("STATE", bytes([N["TEREDO_STATE_STARTING"]])))
    told("another MTU", lambda: ip(relay_ns, "link", "set", "cli1", "mtu", "1300"),
         has("MTU", struct.pack("=L", 1300)))
    told("an option", lambda: run("teredo-tool", "-n", relay_ns, "set", "cli1", "refresh", "31"),
         lambda found: found and attributes(found[N["TEREDO_A_DEV_CONFIG"]]).get(
             N["TEREDO_A_CONFIG_REFRESH"]) == struct.pack("=L", 31))
    told("a controller", lambda: controller.ask("CONTROL_BIND"),
         lambda found: found and N["TEREDO_A_DEV_CONTROLLER"] in found)
    told("a state", lambda: controller.qualify(teredo(SERVER, "198.51.100.9", 4000),
                                               "198.51.100.9", 4000, SERVER),
         has("STATE", bytes([N["TEREDO_STATE_QUALIFIED"]])))
    told("its controller goes", controller.socket.close,
         lambda found: found and N["TEREDO_A_DEV_CONTROLLER"] not in found)
    told("it goes down", lambda: ip(relay_ns, "link", "set", "cli1", "down"),
         has("STATE", bytes([N["TEREDO_STATE_DOWN"]])))
    told("it is deleted", lambda: ip(relay_ns, "link", "del", "cli1"), lambda found: found is None)

    # Dumps of a table that changes meanwhile
    options(relay_ns, "peers-max", "10000")
    link, other = Link(relay_ns, "teredo0"), Link(relay_ns, "teredo0")
    crowd = [ip6(teredo(SERVER, "198.51.100.4", 10000 + n)) for n in range(4000)]

    def enter_all(some):
        for who in some:
            other.ask("PEER_NEW", ADDRESS=who, MAPPED_ADDRESS=ip4("198.51.100.4"),
                      MAPPED_PORT=b"\1\1")

    enter_all(crowd[:1000])
    for _ in range(10):
        time.sleep(0.5)     # a worker still grows the table
        seen, interrupted = link.dump(lambda part: None)
        if not interrupted:
            break
    t.check("a dump in many parts: each of them, once", not interrupted and
            len(seen) == 1001 and set(seen) > set(crowd[:1000]), (len(seen), interrupted))

    def grow(part, left=[crowd[1000:4000]]):
        if left:
            enter_all(left.pop())
            time.sleep(0.5)     # a worker grows the table

    seen, interrupted = link.dump(grow)
    missing = len(set(crowd[:1000]) - set(seen))
    t.check("a table that grows meanwhile: each that was there, and the reader is told",
            not missing and interrupted, (missing, interrupted))
    problems, everybody = [], set(crowd)
    for _ in range(5):
        gone = set()

        def thin_out(part):
            # some of those listed, including the last ones
            for who in part[-1:-40:-2]:
                if who not in gone and who in everybody:
                    gone.add(who)
                    other.ask("PEER_DEL", ADDRESS=who)

        seen, interrupted = link.dump(thin_out)
        problems.append((len(set(crowd) - gone - set(seen)), len(gone)))
        enter_all(gone)
    t.check("peers that go meanwhile hide no others", all(not hidden and gone > 50
            for hidden, gone in problems), problems)
    peer("flush", None)
    ear.settle()
    ear.log.clear()

    # Floods: far more peers than the table has room for, some of which answer; listeners
    # that dump again and again meanwhile, and one with a small buffer, which must miss
    # something.
    options(relay_ns, "peers-max", "400")
    small, sites = Listener(relay_ns, 4096), Sites(host_ns)
    stop = threading.Event()

    def answering():
        while not stop.is_set():
            got = server.receive(0.05)
            if got and not got.error and got.dest in names:
                n = names.index(got.dest)
                clients[n].send(bubble(names[n], got.source), RELAY)

    helper = threading.Thread(target=answering)
    helper.start()
    sent, again = 0, []
    for storm in range(10):
        for n in range(300):
            sites.send(sent // 150, teredo(SERVER, "198.51.100.3", 2000 + sent))
            sent += 1
            if n % 50 == 0:
                host.send(b"x", names[n // 50])
        again.append(Listener(relay_ns, 16 << 20))
        time.sleep(0.2)     # between two storms
        for listener in again:
            listener.follow(0.01)
        if storm == 5:
            peer("flush", None)
    stop.set()
    helper.join()
    wrong = same(ear)
    t.check("a flood: who listened from the beginning has the table", not wrong,
            "\n".join(wrong[:10]))
    wrong = sum((same(listener) for listener in again), [])
    t.check("so have those who came in the middle of it", not wrong, "\n".join(wrong[:10]))
    missed = small.lost
    wrong = same(small)
    t.check("who has no room learns of that, and by a dump has it, too",
            small.lost > missed and not wrong, (small.lost, "\n".join(wrong[:10])))
    time.sleep(10)      # given up after 8 s
    wrong = same(ear)
    t.check("and when all was given up, still", not wrong and
            any(e[1:] == ("unreachable", "silence") for e in ear.log), "\n".join(wrong[:10]))
    peers = len(ear.table)
    ear.log.clear()
    ip(relay_ns, "link", "del", "teredo0")
    got = ear.settle().log
    t.check("the link is deleted: each of them, once", len(got) == peers > 0 and
            {e[1:] for e in got} == {("gone", "down")} and not ear.table, got[:5])
    ear.socket.close()
    t.check("and nothing is there", not Listener(relay_ns).table)
