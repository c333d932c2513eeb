// SPDX-License-Identifier: GPL-2.0
#include "command/learn.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "advice/explain.h"
#include "base/host.h"
#include "ipc/ipc.h"
#include "text/terminal.h"

static void close_port(struct learner *l)
{
	refresh_stop(&l->refresh);
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

/* Measure: open the secondary port. */
static void begin(struct learner *l, const struct qualify *service,
		  const struct device *dev)
{
	uint32_t mark = dev->config.mark;
	struct endpoint local = { 0 };

	l->fd = host_udp_socket(dev->local, &local.port);
	if (l->fd < 0) {
		complain(dev->ifname, "refresh interval: %s",
			 strerror(-l->fd));
		l->fd = -1;
		return;
	}
	/* The mark routes it like the service port. */
	if (mark && setsockopt(l->fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)))
		complain(dev->ifname, "refresh interval: mark: %s",
			 strerror(errno));
	local.addr = dev->local;
	if (!local.addr &&
	    host_source_address(service->server.primary, &local.addr))
		memset(&local, 0, sizeof(local));
	announce(dev->ifname,
		 "measuring the refresh interval, which takes some minutes");
	refresh_start(&l->refresh, host_clock(), dev->config.refresh * 1000,
		      service, &dev->address, &local);
}

/* In a new network: use the remembered interval if there is one, else measure. */
static void arrive(struct learner *l, const struct qualify *service,
		   const struct device *dev)
{
	uint32_t seconds = remember_find(&l->network);

	if (DEV_HAS(dev, LINK_NETNSID)) {
		announce(dev->ifname,
			 "the refresh interval stays %u s: the IPv4 socket is in another namespace",
			 dev->config.refresh);
	} else if (!refresh_first(dev->config.refresh * 1000)) {
		announce(dev->ifname,
			 "the refresh interval stays %u s: a longer one is not looked for",
			 dev->config.refresh);
	} else if (seconds >= dev->config.refresh) {
		l->seconds = seconds;
		announce(dev->ifname,
			 "refresh interval %u s, as measured in this network before",
			 seconds);
	} else {
		begin(l, service, dev);
	}
}

void learn_adopt(struct learner *l, const struct device *dev)
{
	if (!l->wanted || l->known || !DEV_HAS(dev, LEARNED_REFRESH))
		return;
	network_here(&l->network, dev->mapped.addr, dev->server);
	l->known = true;
	l->seconds = dev->learned_refresh;
}

void learn_up(struct learner *l, const struct qualify *service,
	      const struct device *dev)
{
	struct network network;

	if (!l->wanted)
		return;
	network_here(&network, dev->mapped.addr, dev->server);
	l->ifindex = dev->ifindex;
	if (l->known && same_network(&network, &l->network) &&
	    (l->fd < 0 ||
	     l->refresh.port.server.primary == service->server.primary)) {
		if (l->fd >= 0)
			refresh_move(&l->refresh, &dev->address);
		return;
	}
	learn_stop(l);
	l->known = true;
	l->network = network;
	arrive(l, service, dev);
}

void learn_stop(struct learner *l)
{
	close_port(l);
	l->known = false;
	l->seconds = 0;
}

void learn_overrule(struct learner *l, const char *ifname, uint32_t seconds)
{
	if (!l->wanted)
		return;
	announce(ifname, "refresh interval %u s, as configured now", seconds);
	learn_stop(l);
	l->wanted = false;
}

static void send_secondary(struct learner *l, const struct refresh_event *ev)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = ev->to.port,
				  .sin_addr.s_addr = ev->to.addr };

	if (sendto(l->fd, ev->payload, ev->len, 0, (struct sockaddr *)&to,
		   sizeof(to)) < 0)
		refresh_send_failed(&l->refresh, errno);
}

static const char *seconds_text(uint32_t ms)
{
	static char text[16];

	snprintf(text, sizeof(text), "%u.%u s", ms / 1000, ms % 1000 / 100);
	return text;
}

static void finish(struct learner *l, const char *ifname)
{
	int err;

	close_port(l);
	l->seconds = l->refresh.interval / 1000;
	announce(ifname, "refresh interval measured: %u s", l->seconds);
	err = remember_store(&l->network, l->seconds);
	if (err)
		complain(ifname,
			 "the refresh interval cannot be remembered: %s",
			 strerror(-err));
}

static void give_up(struct learner *l, const char *ifname,
		    const struct refresh_event *ev)
{
	complain(ifname, "the refresh interval stays %s: %s",
		 seconds_text(l->refresh.interval),
		 explain_refresh(&l->refresh, ev->failure));
	close_port(l);
}

static void handle(struct learner *l, const char *ifname,
		   const struct refresh_event *ev)
{
	switch (ev->type) {
	case REFRESH_SEND_SECONDARY:
		send_secondary(l, ev);
		break;
	case REFRESH_SEND_SERVICE:
		/* A failure to send looks like a loss. */
		ipc_control_send(l->ifindex, &ev->to, ev->payload, ev->len);
		break;
	case REFRESH_WAY:
		announce(ifname, "the NAT %s; mappings are tested %s",
			 l->refresh.way == REFRESH_DIRECT ? "hairpins" :
							    "does not hairpin",
			 l->refresh.way == REFRESH_DIRECT ? "directly" :
							    "through the server");
		break;
	case REFRESH_PASSED:
		l->seconds = l->refresh.interval / 1000;
		announce(ifname, "an unused mapping lasts %s",
			 seconds_text(ev->tried));
		break;
	case REFRESH_MISSED:
		announce(ifname, "an unused mapping does not last %s",
			 seconds_text(ev->tried));
		break;
	case REFRESH_DONE:
		finish(l, ifname);
		break;
	case REFRESH_GAVE_UP:
		give_up(l, ifname, ev);
		break;
	}
}

static void receive(struct learner *l)
{
	struct endpoint from;
	uint8_t buf[TEREDO_PAYLOAD_MAX];
	ssize_t n;

	while ((n = host_udp_recv(l->fd, &from, buf, sizeof(buf))) >= 0)
		refresh_receive(&l->refresh, host_clock(), &from, buf, n);
}

uint32_t learn_poll(struct learner *l, const char *ifname)
{
	struct refresh_event ev;

	if (l->fd >= 0)
		receive(l);
	while (l->fd >= 0 && refresh_poll(&l->refresh, host_clock(), &ev))
		handle(l, ifname, &ev);
	return l->seconds;
}

uint64_t learn_deadline(const struct learner *l)
{
	return l->fd < 0 ? QUALIFY_NEVER : refresh_deadline(&l->refresh);
}
