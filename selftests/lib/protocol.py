# SPDX-License-Identifier: GPL-2.0
"""What a role does with its peers, written from the requirements: a second opinion about
the module, which model.py compares it with.  No clock, no sockets, no code of the module.

A role is a class, its states are a table (STATES), its times are named below.  It is fed

    packet(now, peer, token)            the stack has a packet for the peer
    datagram(now, peer, source, ...)    a datagram comes, in the name of the peer
    put, remove, flush, down            what the administrator does

and notes what has to follow: peer.expect, the datagrams that leave at once; peer.tell, the
events; counts, the counters; drops, the packets about which a sender may be told.  What
follows later (another attempt, the end of all attempts, a peer that is forgotten) is noted
when it is seen: came() and told() say whether it was time for it, overdue() what should
have been.
"""

import collections
import heapq

# The times and numbers of the protocol, in seconds
VALID = 30              # of a mapping, after the last datagram (C-46)
SIGN = 20               # when data to it makes us ask for a sign of life
SPACING = 2             # of attempts (C-48, C-51, C-67)
TRIES = 4               # without an answer (C-48, C-51, C-68)
SIGNS = 2               # of them while the mapping is still valid,
SIGN_SPACING = 4        # so far apart
WINDOW = 300            # how long who did not answer is left alone (C-68)
ECHO_WINDOW = 30        # the same of native hosts, which the RFC does not limit
NONCE = 30              # how long an answer is one (SEC-08)
IDLE = 300              # of no use for so long: forgotten,
AGEING = 10             # as often as that is looked at
NOTED = 0.25            # times of packets are noted four times a second
QUEUE = 32              # packets that wait for a peer (C-54)
ERRORS = 50, 100        # ICMPv6 errors a second, and at once (SEC-29)
SITE = 200, 1000        # new destinations of a site (SEC-26)
TESTS = 100, 100        # of native strangers (SEC-28); whoever nobody knows gets few
ASKED = 1000, 2000      # attempts by one server (SEC-28); who makes many gets a quarter
PEERS = 1 << 20         # in the list (C-06)

# How exact a time is: a tick, and how late a timer of two seconds may be.
TICK, LATE = 0.012, 0.095

# An event is known so long after it at the latest: by then the next one may not be due.
GUARD = 0.03


class Divergence(Exception):
    """The module does something else than the model"""

    def __init__(self, text, peer=None):
        super().__init__(text)
        self.peer = peer


class Bucket:
    """A limit: so many a second, so many at once"""

    def __init__(self, rate, burst):
        self.cost, self.burst, self.paid = 1 / rate, burst, 0.0

    def debt(self, now):
        """How many were used up"""
        return max(0, self.paid - now) / self.cost

    def use(self, now):
        self.paid = max(self.paid, now) + self.cost

    def take(self, now):
        if self.debt(now) + 1 > self.burst:
            return False
        self.use(now)
        return True


class Peer:
    """One peer, from before it is known until after it is forgotten"""

    def __init__(self, address, kind, server, mapping):
        self.address, self.kind = address, kind
        self.server, self.embedded = server, mapping    # what its address says
        self.history = collections.deque(maxlen=40)
        self.nonces = set()         # all that were ever seen
        self.expect, self.tell = [], []
        self.lossy = 0              # not 0: a limit may withhold attempts, so many so far
        self.clear()

    def clear(self):
        self.state = None
        self.mapped = None
        self.rx = self.tx = self.probe = None
        self.unanswered = 0
        self.nonce = None           # of attempts without an answer
        self.fresh = False          # that one has not been seen yet
        self.waiting = False
        self.tries = 0
        self.deadline = None
        self.queue = []
        self.permanent = self.proven = False

    def note(self, now, text):
        self.history.append("%10.3f  %s" % (now, text))


class Role:
    """What relays and clients share"""

    # From which state what leads where, and what is told as the cause of that.
    # None: not in the list.
    STATES = {
        (None, "packet"): ("probing", "packet"),
        (None, "stranger"): ("probing", "datagram"),
        (None, "hand"): ("probing", "hand"),
        ("probing", "datagram"): ("trusted", "datagram"),
        ("probing", "hand"): ("trusted", "hand"),
        ("probing", "silence"): ("unreachable", "silence"),
        ("trusted", "packet"): ("probing", "packet"),
        ("trusted", "stranger"): ("probing", "datagram"),
        ("trusted", "datagram"): ("trusted", "datagram"),     # it has moved
        ("trusted", "hand"): ("trusted", "hand"),
        ("trusted", "silence"): ("unreachable", "silence"),
        ("unreachable", "packet"): ("probing", "packet"),
        ("unreachable", "stranger"): ("probing", "datagram"),
        ("unreachable", "datagram"): ("trusted", "datagram"),
        ("unreachable", "hand"): ("trusted", "hand"),
    }

    def __init__(self, queue=QUEUE):
        self.queue = queue
        self.peers = {}                         # those in the list, by address
        self.counts = collections.Counter()     # the module's counters
        self.drops = []                         # (when, peer, token) not yet looked at
        self.errors = Bucket(*ERRORS)
        self.peers_max, self.pressed = PEERS, 0.0
        self.evictions = 0                      # that have to be told of
        self.late = []                          # whose attempt a limit may have withheld
        self.waits, self.order = [], 0          # (deadline, order, peer), a heap

    # -- what a role has of its own --

    def ways(self, peer):
        """The datagrams of one attempt: [(kind, where to)]"""
        raise NotImplementedError

    def quiet(self, peer):
        """How long it is left alone when it has not answered"""
        return WINDOW

    # -- states --

    def become(self, now, peer, what):
        state, cause = self.STATES[peer.state, what]
        if peer.state is None:
            self.peers[peer.address] = peer
        peer.note(now, "is %s, because of %s" % (state, cause))
        peer.state = state
        peer.tell.append((state, cause))

    def leave(self, now, peer, cause):
        """Gone; what waited for it is dropped"""
        peer.note(now, "is gone: %s" % cause)
        peer.tell.append(("gone", cause))
        queue = peer.queue
        del self.peers[peer.address]
        peer.clear()
        return queue

    def drop(self, now, peer, token, counter, error=True):
        self.counts[counter] += 1
        peer.note(now, "packet %d is dropped: %s" % (token, counter))
        if error:
            self.drops.append((now, peer, token))

    def is_open(self, now, peer):
        return peer.state == "trusted" and (peer.permanent or now < peer.rx + VALID)

    # -- attempts --

    def may_attempt(self, now, peer):
        """Whether there may be one now; whom nobody has asked for long is asked anew"""
        if peer.probe is not None and now < peer.probe + SPACING - TICK:
            return False
        if peer.unanswered >= TRIES:
            if now < peer.probe + self.quiet(peer):
                return False
            peer.unanswered = 0
        return True

    def attempt(self, now, peer):
        """The next one leaves.  Those without an answer so far share a nonce."""
        if not (peer.nonce and peer.unanswered and now < peer.probe + NONCE):
            peer.nonce, peer.fresh = None, True
        peer.unanswered += 1
        peer.probe = now
        ways = self.ways(peer)
        peer.expect += ways
        self.counts["tx-echo" if ways[0][0] == "echo" else "tx-bubble"] += len(ways)
        peer.note(now, "attempt %d" % peer.unanswered)

    def wait(self, now, peer, what):
        """Begin to wait for an answer; False if there is no attempt left"""
        sent = self.may_attempt(now, peer)
        if not sent and peer.unanswered >= TRIES:
            if peer.state != "unreachable":
                self.become(now, peer, "silence")
            return False
        if peer.state != "probing":
            self.become(now, peer, what)
        peer.waiting, peer.tries = True, int(sent)
        self.schedule(now, peer)
        if sent:
            self.attempt(now, peer)
        return True

    def schedule(self, now, peer):
        peer.deadline = now + SPACING
        self.order += 1
        heapq.heappush(self.waits, (peer.deadline, self.order, peer))

    def window(self, peer):
        """How late its timer may be: all the later, the more often nobody saw it"""
        return LATE * (1 + peer.lossy)

    def is_time(self, now, peer):
        self.catch_up(now, peer)
        return peer.waiting and \
            peer.deadline - TICK <= now <= peer.deadline + self.window(peer)

    def catch_up(self, now, peer):
        """A limit may have withheld its attempts: those that were not seen in time"""
        while peer.lossy and peer.waiting and not self.expired(peer) and \
                now > peer.deadline + self.window(peer):
            self.withheld(now, peer)
            peer.tries += 1
            self.schedule(peer.deadline, peer)

    def expired(self, peer):
        """No attempt is left of this wait"""
        return peer.tries >= TRIES or peer.unanswered >= TRIES

    def give_up(self, now, peer):
        self.become(now, peer, "silence")
        for token in peer.queue:
            self.drop(now, peer, token, "tx-unreachable")
        peer.queue, peer.waiting = [], False

    def overdue(self, now):
        """What should have happened long ago"""
        while self.waits and self.waits[0][0] + LATE + GUARD < now:
            deadline, _, peer = heapq.heappop(self.waits)
            if not peer.waiting or peer.deadline != deadline:
                continue
            if peer.lossy:
                # Later, it is not looked at any more, but it says so itself.
                if not self.expired(peer):
                    self.late.append(peer)
                continue
            raise Divergence("%s, due at %.3f" % (
                "nobody says that it is unreachable" if self.expired(peer) else
                "attempt %d is missing" % (peer.unanswered + 1), deadline), peer)
        for peer in self.late:
            self.catch_up(now, peer)
        self.late = [peer for peer in self.late if peer.waiting and
                     peer.deadline + LATE + GUARD < now and not self.expired(peer)]

    def withheld(self, now, peer):
        """A limit kept an attempt back, which is none then"""
        peer.note(now, "an attempt was withheld")
        self.counts["tx-limited"] += 1
        peer.lossy += 1

    def forgotten(self, now):
        """Who should have been forgotten"""
        for peer in self.peers.values():
            if not peer.permanent and not peer.waiting and \
                    self.last_use(peer) + IDLE + AGEING + 1.3 < now:
                raise Divergence("idle since %.3f, and not forgotten" %
                                 self.last_use(peer), peer)

    def last_use(self, peer):
        return max(when for when in (peer.rx, peer.tx, peer.probe) if when is not None)

    # -- room --

    def share(self):
        """So many may be in the list whom we address and who have proven nothing"""
        return max(min(self.peers_max, 16), min(self.peers_max // 4, 65535))

    def admit(self, now):
        """Room for one whom we address: beyond their share, another such goes (SEC-25)"""
        if self.peers_max == PEERS:
            return
        self.pressed = now
        if sum(not p.proven for p in self.peers.values()) - self.evictions >= self.share():
            self.evictions += 1

    def evicted(self, now, peer):
        self.evictions -= 1
        self.counts["peers-evicted"] += 1
        for token in self.leave(now, peer, "evicted"):
            self.drop(now, peer, token, "tx-peer-limit")

    # -- packets --

    def send(self, now, peer, token):
        """To a peer that is open"""
        if peer.tx is None or now > peer.tx + NOTED:
            peer.tx = now
        peer.expect.append(("data", peer.mapped, token))
        if now > peer.rx + SIGN and not peer.permanent and not peer.waiting and \
                peer.unanswered < SIGNS and (
                peer.probe is None or now > peer.probe + SIGN_SPACING):
            self.attempt(now, peer)

    def enqueue(self, now, peer, token):
        if not self.queue:
            self.drop(now, peer, token, "tx-queue-full")
            return
        while len(peer.queue) >= self.queue:
            self.drop(now, peer, peer.queue.pop(0), "tx-queue-full")
        peer.queue.append(token)

    def packet(self, now, peer, token):
        peer.note(now, "packet %d for it" % token)
        if self.is_open(now, peer):
            self.send(now, peer, token)
            return
        if peer.state is None:
            self.admit(now)
            self.become(now, peer, "packet")
        if not peer.waiting and not self.wait(now, peer, "packet"):
            self.drop(now, peer, token, "tx-unreachable")
            return
        self.enqueue(now, peer, token)

    # -- trust --

    def matches(self, peer, source):
        return peer.state == "trusted" and peer.mapped == source

    def heard(self, now, peer):
        if now > peer.rx + NOTED:
            peer.rx = now
        peer.unanswered = 0

    def confirm(self, now, peer, source, what="datagram"):
        """It is there; what waited is sent, in order"""
        news = peer.state != "trusted" or peer.mapped != source or what == "hand"
        peer.mapped, peer.rx, peer.unanswered = source, now, 0
        if peer.waiting:
            peer.expect += [("data", source, token) for token in peer.queue]
            peer.tx = now
            peer.queue, peer.waiting = [], False
        if news:
            self.become(now, peer, what)

    def proof(self, now, peer, nonce):
        """The nonce is that of our attempts, which is good once"""
        if not nonce or nonce != peer.nonce or now > peer.probe + NONCE:
            return False
        peer.nonce, peer.proven = None, True
        return True

    # -- by hand --

    def put(self, now, peer, mapping, permanent):
        peer.note(now, "is set by hand")
        if peer.state is None:
            self.become(now, peer, "hand")
        peer.permanent, peer.proven = permanent, True
        self.confirm(now, peer, mapping, "hand")

    def remove(self, now, peer):
        """False if there is no such peer"""
        if peer.state is None:
            return False
        for token in self.leave(now, peer, "hand"):
            self.drop(now, peer, token, "tx-forgotten")
        return True

    def flush(self, now, cause="flush"):
        """All, or when the link goes down, all but those by hand"""
        for peer in list(self.peers.values()):
            if cause == "flush" or not peer.permanent:
                for token in self.leave(now, peer, cause):
                    self.drop(now, peer, token, "tx-forgotten")

    def down(self, now):
        self.flush(now, "down")

    # -- what is seen --

    def came(self, now, peer, kind, to, what=None):
        """A datagram of this kind has left for the peer; what is in it is a nonce or a
        token"""
        wanted = next((e for e in peer.expect if e[:2] == (kind, to) and
                       (kind not in ("data", "native") or e[2] == what)), None)
        if not wanted and kind in ("bubble", "echo") and self.is_time(now, peer) and \
                not self.expired(peer):
            peer.tries += 1
            self.attempt(now, peer)
            self.schedule(now, peer)
            wanted = next((e for e in peer.expect if e[:2] == (kind, to)), None)
        if not wanted:
            raise Divergence("nobody expects this: %s to %s:%d%s" % (
                kind, *to, " (%s)" % what if what else ""), peer)
        if kind in ("data", "native"):
            first = next(e for e in peer.expect if e[0] == kind)
            if first is not wanted:
                raise Divergence("packet %s overtakes %s" % (what, first[2]), peer)
        elif what is not None:
            self.check_nonce(peer, what)
        peer.expect.remove(wanted)

    def check_nonce(self, peer, nonce):
        if peer.state is None:      # gone since it left
            peer.nonces.add(nonce)
        elif peer.fresh:
            if nonce in peer.nonces or not any(nonce):
                raise Divergence("a nonce of earlier attempts: %s" % nonce.hex(), peer)
            peer.nonce, peer.fresh = nonce, False
            peer.nonces.add(nonce)
        elif nonce != peer.nonce:
            raise Divergence("another nonce in the same attempts: %s, not %s" % (
                nonce.hex(), peer.nonce and peer.nonce.hex()), peer)

    def told(self, now, peer, what, cause):
        """An event"""
        if not peer.tell:
            if (what, cause) == ("unreachable", "silence") and self.is_time(now, peer) and \
                    self.expired(peer):
                self.give_up(now, peer)
            elif (what, cause) == ("gone", "idle") and peer.state and \
                    not peer.permanent and not peer.waiting and \
                    now > self.last_use(peer) - TICK + (
                        VALID if now < self.pressed + IDLE else IDLE):
                self.leave(now, peer, "idle")
                self.counts["peers-expired"] += 1
            elif (what, cause) == ("gone", "evicted") and self.evictions and \
                    peer.state and not peer.proven:
                self.evicted(now, peer)
        if not peer.tell or peer.tell[0] != (what, cause):
            raise Divergence("told that it is %s because of %s; expected: %s" % (
                what, cause, peer.tell and "%s because of %s" % peer.tell[0] or "nothing"),
                peer)
        peer.tell.pop(0)

    def error(self, now, tokens):
        """Of all packets that were dropped, the senders of these were told.  Errors are
        limited: nobody is told when there were too many, everybody when there were few,
        and in between who has caused few."""
        if len(set(tokens)) != len(tokens):
            raise Divergence("two errors about one of these packets: %s" % sorted(tokens))
        tokens = set(tokens)
        # Of those at the same time, nobody knows which came first.
        self.drops.sort(key=lambda drop: (drop[0], drop[2] not in tokens))
        for when, peer, token in self.drops:
            debt = self.errors.debt(when)
            if token in tokens:
                tokens.remove(token)
                self.counts["tx-icmp"] += 1
                if debt > ERRORS[1] - 0.9:
                    raise Divergence("packet %d: too many ICMPv6 errors" % token, peer)
                self.errors.use(when)
            elif debt < ERRORS[1] / 4 - 1.1:
                raise Divergence("packet %d: its sender is not told" % token, peer)
        self.drops = []
        if tokens:
            raise Divergence("an ICMPv6 error about packets %s, which nobody has dropped" %
                             sorted(tokens))

    def done(self, peer):
        """All that was to follow at once has followed"""
        if peer.lossy and peer.expect and peer.expect[0][0] == "bubble":
            ways = [e for e in peer.expect if e[0] == "bubble"]
            peer.expect = [e for e in peer.expect if e[0] != "bubble"]
            self.counts["tx-bubble"] -= len(ways)
            peer.unanswered -= 1
            peer.nonce = peer.nonce if peer.unanswered else None
            self.withheld(peer.probe, peer)
        if peer.expect:
            kind, to, *what = peer.expect[0]
            raise Divergence("missing: %s to %s:%d%s" % (
                kind, *to, " (packet %s)" % what[0] if what else ""), peer)
        if peer.tell:
            raise Divergence("nobody says that it is %s because of %s" % peer.tell[0], peer)

    def is_near(self, now, peer):
        """Something about the peer changes at about this time: which of two things comes
        first would be chance"""
        turns = []
        if peer.rx is not None:
            turns += [peer.rx + s for s in (NOTED, SIGN, VALID)]
        if peer.tx is not None:
            turns.append(peer.tx + NOTED)
        if peer.probe is not None:
            turns += [peer.probe + s for s in (SPACING, SIGN_SPACING, NONCE, self.quiet(peer))]
        if peer.waiting and peer.deadline - GUARD < now < peer.deadline + LATE + GUARD:
            return True
        return any(abs(turn - now) < GUARD for turn in turns)


class Relay(Role):
    """RFC 4380 5.4; of IPv4 addresses, all that occur are global"""

    def __init__(self):
        super().__init__()
        self.sites = collections.defaultdict(lambda: Bucket(*SITE))

    def packet(self, now, peer, token):
        """Of one site, not more than so many go to somebody new (SEC-26)"""
        if peer.state is None and not self.sites[peer.host[:6]].take(now):
            peer.note(now, "packet %d for it" % token)
            self.drop(now, peer, token, "tx-site-limit")
        else:
            super().packet(now, peer, token)

    def ways(self, peer):
        return [("bubble", (peer.server, 3544))]

    def datagram(self, now, peer, source, what, nonce=None, token=None):
        """A bubble, to a link-local address that may be our nonce, or data"""
        bubble = what == "bubble"
        peer.note(now, "%s from %s:%d%s" % ("a bubble" if bubble else "packet %d" % token,
                                            *source, nonce and " with " + nonce.hex() or ""))
        if self.matches(peer, source) and not bubble:
            self.heard(now, peer)
        else:
            reason = self.refuses(now, peer, source, bubble, nonce)
            if reason:
                self.counts[reason] += 1
                peer.note(now, "is refused: " + reason)
                return
            self.confirm(now, peer, source)
        if bubble:
            self.counts["rx-bubble"] += 1
        else:
            peer.expect.append(("native", ("native", 0), token))

    def refuses(self, now, peer, source, bubble, nonce):
        strange = source != peer.embedded and not self.matches(peer, source)
        if strange and not (bubble and nonce):
            return "rx-mapping"
        if peer.state is None:
            return "rx-unknown-peer"
        if peer.permanent and peer.mapped != source:
            return "rx-mapping"
        proof = self.proof(now, peer, nonce)
        if strange and not proof:
            return "rx-mapping"
        return None


class HostRelay(Relay):
    """The same for one host, behind a NAT perhaps: bubbles go both ways (R-10, R-23)"""

    def ways(self, peer):
        return [("bubble", peer.embedded), ("bubble", (peer.server, 3544))]


class Client(Role):
    """RFC 4380 5.2, once it is qualified; native hosts are peers, too, behind relays"""

    def __init__(self):
        super().__init__()
        self.server = self.address = self.mapping = None
        self.server_heard = self.server_sent = None
        self.tests = Bucket(*TESTS)

    def qualify(self, now, address, mapping, server):
        """It has another address now, by which nobody knows it (C-61)"""
        if self.address and address != self.address:
            self.flush(now, "address")
        if server != self.server:
            self.server_sent = None
        self.server_heard = now
        self.address, self.mapping, self.server = address, mapping, server

    def down(self, now):
        super().down(now)
        self.address = self.server = None

    def ways(self, peer):
        if peer.kind == "native":
            return [("echo", (self.server, 3544))]          # C-48, C-90
        return [("bubble", peer.embedded), ("bubble", (peer.server, 3544))]     # C-51

    def attempt(self, now, peer):
        super().attempt(now, peer)
        if peer.kind == "teredo":       # its bubbles show no nonce
            peer.nonce, peer.fresh = b"unseen", False

    def quiet(self, peer):
        return ECHO_WINDOW if peer.kind == "native" else WINDOW

    def packet(self, now, peer, token):
        if not self.address:
            self.drop(now, peer, token, "tx-not-ready")     # C-56
        else:
            super().packet(now, peer, token)

    def came(self, now, peer, kind, to, what=None):
        super().came(now, peer, kind, to, what)
        if to == (self.server, 3544):
            self.server_sent = now

    def datagram(self, now, peer, source, what, nonce=None, token=None):
        """A bubble, data, or a reply to an echo request"""
        peer.note(now, "%s from %s:%d%s" % (what if what != "data" else "packet %d" % token,
                                            *source, nonce and " with " + nonce.hex() or ""))
        if not self.address:
            self.counts["rx-not-ready"] += 1
            return
        if self.matches(peer, source):                      # case 1, C-38
            self.heard(now, peer)
            taken = what == "reply" and self.answered(now, peer, source, nonce)
        elif peer.kind == "teredo":
            if source != peer.embedded:
                self.counts["rx-mapping"] += 1              # C-38, C-40
                return
            self.introduce(now, peer, source)               # case 3
            taken = False
        else:
            taken = what == "reply" and self.answered(now, peer, source, nonce)
            if not taken and what != "bubble":
                self.test(now, peer)                        # case 6, C-44
        if what == "bubble":
            self.counts["rx-bubble"] += 1                   # C-41
        elif not taken:
            peer.expect.append(("native", ("native", 0), token))

    def introduce(self, now, peer, source):
        """It comes from the mapping in its own address (C-40)"""
        if peer.permanent and peer.mapped != source:
            return
        if peer.state is None:
            self.become(now, peer, "stranger")
        self.confirm(now, peer, source)

    def answered(self, now, peer, source, nonce):
        """True for the answer to our last test (C-39)"""
        if peer.state is None or peer.kind != "native" or \
                peer.permanent and peer.mapped != source or \
                not self.proof(now, peer, nonce):
            return False
        self.counts["rx-echo"] += 1
        self.confirm(now, peer, source)
        return True

    def test(self, now, peer):
        """A native host has spoken, by a relay that need not be its own (C-44).  Tests of
        strangers are limited; the schedules have few enough."""
        if peer.waiting or peer.probe is not None and now < peer.probe + (
                SPACING if peer.unanswered < TRIES else self.quiet(peer)):
            return
        self.tests.use(now)
        if peer.state is None:
            self.become(now, peer, "stranger")
        if not self.is_open(now, peer):
            self.wait(now, peer, "stranger")

    def is_near(self, now, peer):
        return super().is_near(now, peer) or \
            peer.kind == "native" and self.tests.debt(now) > 10

    def indirect(self, now, peer, origin):
        """A bubble that the server has passed on: answered to the mapping in its source, or
        else to the origin (C-36)"""
        peer.note(now, "an indirect bubble from %s:%d" % origin)
        if not self.address:
            self.counts["rx-not-ready"] += 1
            return
        peer.expect.append(("bubble", peer.embedded if peer.kind == "teredo" else origin))
        self.counts["rx-bubble"] += 1
        self.counts["tx-bubble"] += 1
        self.server_heard = now
