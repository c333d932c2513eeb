#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""grace.py: does the module free what others may still read only when they are done?

No test runs it with KASAN on several CPUs that preempt each other, where a grace period
that is left out would show.  So it is a matter of form:

- Whatever is freed at once is in AT_ONCE, with the reason why nobody can read it;
  everything else is left to kfree_rcu() or call_rcu(), and DEFERRED says what.
- Where a wait for readers makes that sure, WAITS has the order of what is done; ORDER has
  that of what others are shown, and no longer shown.
- A list that is walked under RCU is changed by the functions for that only, and so is a
  pointer that is marked __rcu.
- What is allocated for each CPU, or a packet that is made, is freed again, by who undoes
  what was done so far, and by who undoes all of it (LADDERS, ENDS).

Prints what is not so, and exits with 1 if there is any.
"""

import glob
import os
import re
import sys

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# What ends the life of an object at once.
FREES = (r"kfree|kvfree|kfree_sensitive|kzfree|kmem_cache_free|vfree|free_percpu|"
         r"free_netdev|gro_cells_destroy|crypto_free_shash|sock_release|"
         r"udp_tunnel_sock_release|teredo_compat_release_tunnel|rhashtable_destroy|"
         r"rhashtable_free_and_destroy|teredo_\w+_free|teredo_sockets_uninit|teredo_table_uninit|free_now|"
         r"teredo_secrets_uninit|teredo_percpu_free")
LATER = r"kfree_rcu(?:_mightsleep)?|kvfree_rcu|call_rcu\w*|queue_rcu_work|free_later"
WAIT = r"synchronize_\w+|rcu_barrier"

# Who frees something at once, how often, and why nobody can read it any more.
AT_ONCE = {
    # what has been left to it, by who has made sure
    "teredo_secret_free": (1, "called by who has made sure"),
    "teredo_config_free": (1, "called by who has made sure"),
    "teredo_status_free": (1, "called by who has made sure"),
    "teredo_wait_free": (1, "found and read under the lock of peers only"),
    "free_rcu": (1, "after a grace period"),
    "teredo_percpu_free": (1, "called by who has made sure"),
    "teredo_compat_release_tunnel": (1, "waits for who receives"),
    # what never was where others find it
    "teredo_secret_new": (1, "never in the table"),
    "new_secret": (1, "never in the table"),
    "teredo_config_parse": (1, "not the device's yet"),
    "teredo_newlink_body": (3, "not registered"),
    "teredo_changelink": (1, "refused"),
    "teredo_nl_dev_set_doit": (1, "refused"),
    "teredo_nl_state_set_doit": (1, "refused"),
    "teredo_open": (1, "not the device's yet"),
    "teredo_peer_create": (1, "not in the table"),
    "sock_open": (1, "in no list yet"),
    "group_open": (1, "not bound"),
    "teredo_dev_init": (5, "not registered"),
    # what only those have seen who hold the lock
    "teredo_peer_remove": (1, "teredo_wait: the lock of peers"),
    "confirm": (1, "teredo_wait: the lock of peers"),
    "teredo_peer_fail": (1, "teredo_wait: the lock of peers"),
    "start_waiting": (1, "teredo_wait: the lock of peers"),
    "teredo_events_tell": (1, "off the list, which has a lock"),
    "teredo_nl_peer_get_done": (1, "the dump is over"),
    # what others have been kept from, and waited for
    "teredo_sockets_close": (2, "WAITS"),
    "group_close": (1, "waits for who receives"),
    "teredo_dev_uninit": (5, "unregistered, down, and waited for by the stack"),
    "teredo_destructor": (2, "the last reference is gone"),
    "teredo_table_uninit": (1, "of teredo_peers_uninit()"),
    "teredo_peers_uninit": (1, "unregistered, and empty"),
    "teredo_secrets_uninit": (1, "unregistered"),
    "teredo_sockets_uninit": (1, "unregistered"),
    "teredo_routes_free": (1, "of teredo_sockets_uninit()"),
    "free_now": (1, "of teredo_secrets_uninit()"),
    "teredo_secret_exit": (1, "WAITS"),
}

# What readers may still have when it is let go of: by whom, and how often
DEFERRED = {
    "teredo_peer_remove": ["kfree_rcu(peer"],
    "teredo_neighbour_remove": ["kfree_rcu(neighbour"],
    "teredo_extra_remove": ["kfree_rcu(extra"],
    "teredo_status_replace": ["kfree_rcu(old"],
    "teredo_apply_config": ["kfree_rcu(old"],
    "free_later": ["call_rcu(&secret->rcu, free_rcu"],
    "teredo_secret_add": ["free_later(old"],
    "teredo_secret_del": ["free_later(secret"],
}

# What has to be done in this order, of which the wait is one
WAITS = {
    "teredo_sockets_close": [
        "RCU_INIT_POINTER(td->sockets->sock[i], NULL)", "hlist_del_rcu(&ts[i]->node)",
        "synchronize_net()", "teredo_compat_release_tunnel(", "kfree(",
        "teredo_routes_release("],
    "close_sockets": ["teredo_discovery_forget(", "teredo_sockets_close("],
    "after_quits": ["synchronize_net()", "forget_neighbours("],
    "end": ["quit(", "synchronize_net()", "forget_neighbours(", "group_close("],
    "teredo_stop": ["close_sockets(", "teredo_peers_close(", "synchronize_net()", "memset("],
    "move": ["quit(", "after_quits("],
    "lost": ["quit(", "after_quits("],
    "teredo_secret_exit": ["rcu_barrier()", "crypto_free_shash("],
    "teredo_exit": ["teredo_device_exit()", "teredo_nl_exit()", "teredo_discovery_exit()",
                    "teredo_sockets_unregister()", "teredo_secret_exit()",
                    "teredo_ledger_close()"],
}

# What others may see comes after what it consists of, and is freed after nobody can find it
# any more
ORDER = {
    "teredo_peer_create": ["peer->addr = ", "peer->kind = ", "peer->state = ",
                           "teredo_peer_insert(",
                           "teredo_quota_enter("],
    "teredo_peer_remove": ["teredo_peer_unhash(", "teredo_extra_remove(", "kfree_rcu(peer"],
    "attach": ["neighbour->peer = ", "list_add_tail("],
    "set_local": ["teredo_endpoint_write(&neighbour->local", "WRITE_ONCE(neighbour->announced",
                  "rcu_assign_pointer(teredo_extra_of(td, peer)->neighbour"],
    "confirm": ["teredo_endpoint_write(&peer->mapped", "WRITE_ONCE(peer->last_rx",
                "send(", "smp_store_release(&peer->state"],
    "teredo_peer_is_open": ["smp_load_acquire(&peer->state)", "peer->last_rx"],
    "teredo_status_replace": ["status->since = ", "rcu_assign_pointer(td->status, status)",
                              "kfree_rcu(old"],
    "teredo_apply_config": ["rcu_assign_pointer(td->config, cfg)", "kfree_rcu(old"],
    "teredo_secret_add": ["rhashtable_replace_fast(", "list_replace_rcu(", "list_add_tail_rcu(",
                          "free_later(old"],
    "teredo_secret_del": ["rhashtable_remove_fast(", "list_del_rcu(", "free_later("],
    "sock_open": ["ts->td = ", "ts->index = ", "ts->addr = ", "ts->port = ",
                  "teredo_compat_setup_tunnel(", "hlist_add_head_rcu(", "rcu_assign_pointer("],
    "join": ["WRITE_ONCE(d->ifindex", "list_add_tail_rcu("],
    "quit": ["WRITE_ONCE(d->ifindex, 0)", "list_del_rcu("],
    "group_open": ["group_own(", "group_bind(", "teredo_compat_setup_tunnel("],
}

# Who acquires one thing after the other, how each is released, and who releases all
LADDERS = {
    "teredo_dev_init": ("teredo_dev_uninit", [
        ("__netdev_alloc_pcpu_stats(", "teredo_percpu_free(dev->tstats)"),
        ("teredo_percpu_alloc(", "teredo_percpu_free(td->stats)"),
        ("teredo_sockets_init(", "teredo_sockets_uninit("),
        ("gro_cells_init(", "gro_cells_destroy("),
        ("teredo_secrets_init(", "teredo_secrets_uninit("),
        ("teredo_peers_init(", "teredo_peers_uninit("),
        ("get_mem_cgroup_from_mm(", "mem_cgroup_put(")]),
    "teredo_sockets_init": ("teredo_sockets_uninit", [
        ("teredo_routes_new(", "teredo_routes_free(socks->routes)")]),
    "teredo_routes_new": ("teredo_routes_free", [
        ("teredo_percpu_alloc(", "teredo_percpu_free(routes)")]),
    "sock_open": ("teredo_sockets_close", [
        ("kzalloc(", "kfree("),
        ("udp_sock_create(", "release")]),
}

# Who makes a packet, and lets go of it on every way out
ENDS = {
    "tell": ("copy = skb_clone(", "copy", "consume_skb(copy)"),
}

problems = []


def without_comments(text):
    """The same lines, with nothing in comments and strings"""
    def blank(match):
        return re.sub(r"[^\n]", " ", match[0])
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"', blank, text, flags=re.S)


def functions(text):
    """(name, body) of each: what begins and ends at the left margin"""
    for match in re.finditer(r"^(\w[^;{}=]*?\b(\w+)\([^;{}]*\)[^;{}()]*)\n\{\n(.*?)^\}", text, re.M | re.S):
        yield match[2], match[3]


def calls(names, body):
    return [match[1] for match in re.finditer(r"\b(%s)\(" % names, body)]


def in_order(body, steps):
    """The first of the steps that does not come after the one before"""
    at = 0
    for step in steps:
        found = body.find(step, at)
        if found < 0:
            return step
        at = found + len(step)
    return None


def ladder(name, bodies, release_all, steps):
    body = bodies[name]
    for n, (acquire, release) in enumerate(steps):
        at = body.find(acquire)
        if at < 0:
            problems.append("%s: no %s" % (name, acquire))
            continue
        following = steps[n + 1][0] if n + 1 < len(steps) else None
        begin = body.find(following, at) if following else len(body)
        # Whoever fails later goes to a label behind which this is released.
        for match in re.finditer(r"goto (\w+);", body[begin:]):
            label = body.find("\n%s:" % match[1])
            if release not in body[label:]:
                problems.append("%s: %s: goto %s, without %s" % (name, acquire, match[1], release))
        if release not in bodies[release_all]:
            problems.append("%s: no %s" % (release_all, release))


def main():
    kernel = os.path.join(REPO, "kernel")
    texts = {os.path.relpath(path, kernel): without_comments(open(path, encoding="utf-8").read())
             for path in sorted(glob.glob(kernel + "/*.c") + glob.glob(kernel + "/*/*.[ch]"))
             if "/selftest/" not in path}
    bodies, frees, later = {}, {}, {}
    for file, text in texts.items():
        for name, body in functions(text):
            bodies.setdefault(name, body)
            if calls(FREES, body):
                frees[name] = frees.get(name, 0) + len(calls(FREES, body))
            if calls(LATER, body):
                later[name] = later.get(name, 0) + len(calls(LATER, body))
            for wait in calls(WAIT, body):
                if name not in WAITS or not any(step.startswith(wait) for step in WAITS[name]):
                    problems.append("%s: %s: waits for %s, and WAITS does not say what for"
                                    % (file, name, wait))

        # Lists that are walked under RCU
        walks = re.findall(r"list_for_each_entry_rcu\(\w+,(?:[^();]|\([^()]*(?:\([^()]*\))?[^()]*\))*,\s*(\w+)\)", text)
        for member in set(walks):
            for match in re.finditer(r"\b(h?list_(?:add|del|replace|move|splice)\w*)\(([^;]*)\);", text):
                words = re.findall(r"->(\w+)", match[2].split(",")[0])
                if words[-1:] == [member] and not match[1].endswith("_rcu") and \
                        not (file, member, match[1]) in [("method/discovery.c", "list", "list_add_tail")]:
                    problems.append("%s: %s of ->%s, which is walked under RCU"
                                    % (file, match[1], member))

    # Pointers that readers follow
    marked = set(re.findall(r"__rcu \*(\w+)(?:\[\w+\])?;", "\n".join(texts.values())))
    for file, text in texts.items():
        for match in re.finditer(r"(?:->|\.)(%s)(?:\[\w+\])? = " % "|".join(sorted(marked)), text):
            line = text[text.rfind("\n", 0, match.start()) + 1:text.find("\n", match.end())]
            if match[1] in ("extra", "neighbour", "config", "status") and re.search(r"(?<!= )\b(td|peer|extra)->\w+ = ", line):
                problems.append("%s: written without rcu_assign_pointer(): %s" % (file, line.strip()))
        for match in re.finditer(r"RCU_INIT_POINTER\(([^;]*)\);", text):
            who = [name for name, body in functions(text) if match[0] in body]
            if not match[1].endswith("NULL") and who != ["teredo_newlink_body"]:
                problems.append("%s: not NULL, and seen before it is complete: %s" % (file, match[0]))

    # Nobody says that there are no readers but who is the last one.
    for name, body in bodies.items():
        if re.search(r"rcu_dereference_(protected\([^;]*?, (true|1)\)|raw)", body) and \
                name != "teredo_destructor":
            problems.append("%s() follows a pointer, whoever changes it" % name)

    for name in sorted(frees.keys() | AT_ONCE.keys()):
        wanted, why = AT_ONCE.get(name, (0, ""))
        if frees.get(name, 0) != wanted:
            problems.append("%s() frees at once: %u, argued for %u (%s): kfree_rcu(), or a reason in AT_ONCE"
                            % (name, frees.get(name, 0), wanted, why))
    for name in sorted(later.keys() | DEFERRED.keys()):
        steps = DEFERRED.get(name, [])
        if later.get(name, 0) != len(steps) or in_order(bodies.get(name, ""), steps):
            problems.append("%s() leaves to RCU: %u, known are: %s"
                            % (name, later.get(name, 0), ", ".join(steps) or "none"))
    for name, steps in list(WAITS.items()) + list(ORDER.items()):
        missing = in_order(bodies.get(name, ""), steps)
        if missing:
            problems.append("%s: not in its place: %s" % (name, missing))
    for name, (release_all, steps) in LADDERS.items():
        ladder(name, bodies, release_all, steps)

    for name, (acquire, what, release) in ENDS.items():
        body = bodies.get(name, "")
        rest = body[body.find(acquire):].split("return;", 1)
        if not re.search(r"if \(!%s\)\s*$" % what, rest[0]) or "return" in rest[1] or \
                any(release not in rest[1][rest[1].find("\n%s:" % label):]
                    for label in re.findall(r"goto (\w+);", rest[1])) or release not in rest[1]:
            problems.append("%s(): a way out without %s" % (name, release))

    # Every allocation for each CPU is one of those, but for the line that defines the one and
    # has the other.
    known = sum(s[0] in ("teredo_percpu_alloc(", "__netdev_alloc_pcpu_stats(", "gro_cells_init(")
                for _, steps in LADDERS.values() for s in steps)
    found = sum(len(calls(r"\w*alloc_p(?:er)?cpu\w*|teredo_percpu_alloc|gro_cells_init", text))
                for text in texts.values())
    if found != known + 2:
        problems.append("%u allocations for each CPU, of which LADDERS know %u" % (found, known))

    print("\n".join(problems) or "%u functions free at once, %u later" % (len(frees), len(later)))
    sys.exit(bool(problems))


main()
