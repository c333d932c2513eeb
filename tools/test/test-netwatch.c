// SPDX-License-Identifier: GPL-2.0
/* Unit test of netwatch.c with a simulated clock and network; output in KTAP. */
#include <string.h>

#include "client/netwatch.h"
#include "test/test.h"

#define SELF	7

static struct netwatch w;
static uint64_t now;
static bool native;		/* whether there is native IPv6 */
static unsigned int looks;
static unsigned int changes[NETWATCH_NATIVE_GONE + 1];

int ipc_native(uint32_t table, struct link *via)
{
	(void)table;
	memset(via, 0, sizeof(*via));
	via->ifindex = 2;
	looks++;
	return native;
}

static void begin(bool with_native)
{
	memset(&w, 0, sizeof(w));
	memset(changes, 0, sizeof(changes));
	now = 1000000;
	looks = 0;
	native = with_native;
	w.native = with_native;
}

static void run_until(uint64_t end)
{
	enum netwatch_change change;

	for (;;) {
		while ((change = netwatch_poll(&w, now)))
			changes[change]++;
		if (netwatch_deadline(&w) > end)
			break;
		now = netwatch_deadline(&w);
	}
	now = end;
}

static void event(int type)
{
	struct net_event ev = { .type = type };

	netwatch_event(&w, &ev, SELF, now);
}

static void become(bool with_native)
{
	native = with_native;
	event(NET_EVENT_IPV6);
}

static void carrier(uint32_t ifindex, bool running)
{
	struct net_event ev = {
		.type = NET_EVENT_LINK,
		.link = { .ifindex = ifindex,
			  .flags = IFF_UP | (running ? IFF_RUNNING : 0) },
	};

	netwatch_event(&w, &ev, SELF, now);
}

static void test_native(void)
{
	begin(false);
	become(true);
	run_until(now + NETWATCH_NATIVE_MS);
	expect(!changes[NETWATCH_NATIVE]);
	run_until(now + NETWATCH_SETTLE_MS);
	expect(changes[NETWATCH_NATIVE] == 1 && w.via.ifindex == 2);
	become(false);
	run_until(now + NETWATCH_NATIVE_GONE_MS);
	expect(!changes[NETWATCH_NATIVE_GONE]);
	run_until(now + NETWATCH_SETTLE_MS);
	expect(changes[NETWATCH_NATIVE_GONE] == 1);
	expect(netwatch_deadline(&w) == UINT64_MAX);
}

static void test_flapping(void)
{
	unsigned int i;

	/* Native IPv6 never stays long enough: nothing happens. */
	begin(false);
	for (i = 0; i < 50; i++) {
		become(i % 2 == 0);
		run_until(now + NETWATCH_NATIVE_MS - NETWATCH_SETTLE_MS);
	}
	expect(!changes[NETWATCH_NATIVE] && !changes[NETWATCH_NATIVE_GONE]);
	/* It never stays away long enough: one change. */
	begin(false);
	for (i = 0; i < 50; i++) {
		become(i % 2 == 0);
		run_until(now + NETWATCH_NATIVE_GONE_MS -
			  NETWATCH_SETTLE_MS);
	}
	expect(changes[NETWATCH_NATIVE] == 1 && !changes[NETWATCH_NATIVE_GONE]);
}

/* Advertisements refresh addresses all the time, which does not restart the wait. */
static void test_refreshed(void)
{
	unsigned int i;

	begin(false);
	native = true;
	for (i = 0; i < 12; i++) {
		event(NET_EVENT_IPV6);
		run_until(now + 500);
	}
	expect(changes[NETWATCH_NATIVE] == 1);
	expect(looks <= 14);
}

static void test_burst(void)
{
	unsigned int i;

	begin(false);
	for (i = 0; i < 20; i++) {
		event(NET_EVENT_IPV4);
		run_until(now + 10);
	}
	expect(!changes[NETWATCH_IPV4]);
	run_until(now + NETWATCH_SETTLE_MS);
	expect(changes[NETWATCH_IPV4] == 1);
}

static void test_carrier(void)
{
	begin(false);
	carrier(3, true);
	carrier(3, true);
	run_until(now + 1000);
	expect(!changes[NETWATCH_IPV4]);
	carrier(3, false);
	run_until(now + 1000);
	expect(changes[NETWATCH_IPV4] == 1);
	carrier(3, true);
	run_until(now + 1000);
	expect(changes[NETWATCH_IPV4] == 2);
	carrier(SELF, true);
	carrier(SELF, false);
	run_until(now + 1000);
	expect(changes[NETWATCH_IPV4] == 2);
}

static void test_resume(void)
{
	begin(false);
	w.suspended = 5000;
	netwatch_suspended(&w, 5000 + NETWATCH_RESUME_MS, now);
	run_until(now + 1000);
	expect(!changes[NETWATCH_IPV4]);
	netwatch_suspended(&w, 3600000, now);
	/* At once: there is no burst to wait for. */
	run_until(now);
	expect(changes[NETWATCH_IPV4] == 1 && looks == 1);
	netwatch_suspended(&w, 3600000, now);
	run_until(now + 1000);
	expect(changes[NETWATCH_IPV4] == 1);
}

static const struct test tests[] = {
	{ "native IPv6 comes after 5 s, goes after 30 s (C-98)", test_native },
	{ "native IPv6 that flaps (C-98)", test_flapping },
	{ "native IPv6 that is advertised often (C-98)", test_refreshed },
	{ "a burst of changes is one (C-63)", test_burst },
	{ "carrier (C-63)", test_carrier },
	{ "resumed after a suspension (C-63)", test_resume },
};

int main(void)
{
	return run_tests(tests, sizeof(tests) / sizeof(tests[0]));
}
