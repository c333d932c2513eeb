// SPDX-License-Identifier: GPL-2.0
/* Router Solicitations for a Teredo server, for bench-guest.sh:
 *
 *	bench-server NETNS INTERFACE MAC SOURCE SERVER COUNT WINDOW
 *		[RATE|echo|secrets=N]
 *
 * Each comes from another one of the 65536 addresses from SOURCE on, as from as
 * many clients: servers limit what they send to one.  Frames go out of INTERFACE,
 * at most WINDOW without an answer.  An answer is whatever comes in there, by the
 * counter of the interface: receiving it would take more time than the server
 * needs.  WINDOW 0 waits for no answers, and tells what sending costs.
 *
 * With a RATE, that many go out a second whether or not they are answered, as on
 * the Internet, where nobody who asks waits for the others: no process that runs
 * here keeps them from coming in.
 *
 * With `echo`, it is ICMP echo requests of the same length instead, which the kernel
 * answers by itself.
 *
 * With `secrets=N`, they are signed by one after the other of BATCH clients among
 * user00000, user00001 ... of whom there are N, each with its identifier as its secret.
 *
 * Output: sent=N received=N took=NANOSECONDS
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <nettle/hmac.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define BATCH	16
#define SOURCES	65536
#define GIVE_UP	2000000000ull	/* ns without an answer */

/* fe80::ffff:ffff:fffe to ff02::2, router solicitation */
static const unsigned char solicitation[48] = {
	0x60, 0, 0, 0, 0, 8, 58, 255,
	0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
	0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
	133, 0, 0x7d, 0x38, 0, 0, 0, 0,
};

/* What a client puts in front of it, to sign it (RFC 4380 5.1.1) */
struct authentication {
	unsigned char zero, type, id_len, au_len;
	char id[9];
	unsigned char value[SHA1_DIGEST_SIZE], nonce[8], confirmation;
};

static struct frame {
	struct ether_header eth;
	struct iphdr ip;
	struct udphdr udp;
	unsigned char payload[sizeof(struct authentication) +
			      sizeof(solicitation)];
} __attribute__((packed)) frame[BATCH];
static size_t length = offsetof(struct frame, payload) + sizeof(solicitation);

static int stats;

static unsigned long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static unsigned long long received(void)
{
	char text[32];
	ssize_t len = pread(stats, text, sizeof(text) - 1, 0);

	if (len <= 0)
		err(1, "statistics");
	text[len] = 0;
	return strtoull(text, NULL, 10);
}

static uint16_t checksum(const void *data, size_t len, uint32_t sum)
{
	const unsigned char *p = data;

	for (; len; len -= 2, p += 2)
		sum += p[0] << 8 | p[1];
	sum = (sum & 0xffff) + (sum >> 16);
	return htons(~((sum & 0xffff) + (sum >> 16)));
}

static void build(unsigned int i, const unsigned char *mac, in_addr_t saddr,
		  in_addr_t daddr)
{
	uint16_t icmp;

	memcpy(frame[i].eth.ether_dhost, mac, ETH_ALEN);
	frame[i].eth.ether_type = htons(ETHERTYPE_IP);
	frame[i].ip.version = 4;
	frame[i].ip.ihl = 5;
	frame[i].ip.ttl = 64;
	frame[i].ip.protocol = IPPROTO_UDP;
	frame[i].ip.tot_len = htons(length - sizeof(frame[i].eth));
	frame[i].ip.saddr = saddr;
	frame[i].ip.daddr = daddr;
	frame[i].ip.check = checksum(&frame[i].ip, sizeof(frame[i].ip), 0);
	frame[i].udp.source = htons(40000 + i);
	frame[i].udp.dest = htons(3544);
	frame[i].udp.len = htons(sizeof(struct udphdr) + sizeof(solicitation));
	memcpy(frame[i].payload, solicitation, sizeof(solicitation));
	frame[i].payload[42] = 0;
	frame[i].payload[43] = 0;
	icmp = checksum(frame[i].payload + 8, 40, 58 + 8);
	memcpy(frame[i].payload + 42, &icmp, sizeof(icmp));
}

/* Of the same length, an echo request: its header instead of UDP's */
static void build_echo(unsigned int i)
{
	struct icmphdr icmp = { .type = ICMP_ECHO };

	frame[i].ip.protocol = IPPROTO_ICMP;
	frame[i].ip.check = 0;
	frame[i].ip.check = checksum(&frame[i].ip, sizeof(frame[i].ip), 0);
	memcpy(&frame[i].udp, &icmp, sizeof(icmp));
	icmp.checksum = checksum(&frame[i].udp,
				 sizeof(icmp) + sizeof(solicitation), 0);
	memcpy(&frame[i].udp, &icmp, sizeof(icmp));
}

/* Signed by the client @n: what comes behind the value is what is signed. */
static void sign(unsigned int i, unsigned int n)
{
	struct authentication auth = {
		.type = 1, .id_len = sizeof(auth.id), .au_len = sizeof(auth.value),
	};
	const size_t head = offsetof(struct authentication, nonce);
	char id[sizeof(auth.id) + 1];
	struct hmac_sha1_ctx ctx;

	snprintf(id, sizeof(id), "user%05u", n % 100000);
	memcpy(auth.id, id, sizeof(auth.id));
	memmove(frame[i].payload + sizeof(auth), frame[i].payload,
		sizeof(solicitation));
	memcpy(frame[i].payload, &auth, sizeof(auth));
	hmac_sha1_set_key(&ctx, sizeof(auth.id), (const void *)id);
	hmac_sha1_update(&ctx, sizeof(frame[i].payload) - head,
			 frame[i].payload + head);
	hmac_sha1_digest(&ctx, sizeof(auth.value), frame[i].payload +
			 offsetof(struct authentication, value));
	frame[i].udp.len = htons(sizeof(struct udphdr) + sizeof(frame[i].payload));
	length = sizeof(frame[i]);
	frame[i].ip.tot_len = htons(length - sizeof(frame[i].eth));
}

/* The next address of the many. */
static void move_on(unsigned int i, unsigned int n, in_addr_t first)
{
	frame[i].ip.saddr = htonl(ntohl(first) + n % SOURCES);
	frame[i].ip.check = 0;
	frame[i].ip.check = checksum(&frame[i].ip, sizeof(frame[i].ip), 0);
}

/* Wait until the next batch is due, if this process is to keep to a rate. */
static void keep_to(unsigned long long start, unsigned int sent,
		    unsigned int rate)
{
	unsigned long long due = start + sent * 1000000000ull / rate;
	struct timespec ts = {
		.tv_sec = due / 1000000000,
		.tv_nsec = due % 1000000000,
	};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static void become_a_wire(void)
{
	struct sched_param param = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		err(1, "SCHED_FIFO");
}

static void enter(const char *ns)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", ns);
	fd = open(path, O_RDONLY);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", path);
	/* /sys shows the network namespace of whoever mounted it. */
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL))
		err(1, "/sys");
}

int main(int argc, char **argv)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	unsigned long long first, got = 0, before, start, heard;
	unsigned int count, window, secrets = 0, rate = 0, sent = 0, i;
	struct mmsghdr msg[BATCH] = { 0 };
	struct iovec iov[BATCH];
	unsigned char mac[8];
	char path[256];
	int fd, n, one = 1;
	bool echo = false;

	if (argc < 8 || argc > 9 ||
	    sscanf(argv[3], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1,
		   mac + 2, mac + 3, mac + 4, mac + 5) != 6) {
		fprintf(stderr, "bench-server: see the source\n");
		return 2;
	}
	count = atoi(argv[6]);
	window = atoi(argv[7]);
	if (argc > 8 && sscanf(argv[8], "secrets=%u", &secrets) != 1) {
		echo = !strcmp(argv[8], "echo");
		rate = echo ? 0 : atoi(argv[8]);
	}
	if (rate)
		become_a_wire();
	enter(argv[1]);
	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/rx_packets",
		 argv[2]);
	stats = open(path, O_RDONLY);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (stats < 0 || fd < 0)
		err(1, "%s", argv[2]);
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	to.sll_ifindex = if_nametoindex(argv[2]);
	if (bind(fd, (void *)&to, sizeof(to)))
		err(1, "bind");
	for (i = 0; i < BATCH; i++) {
		build(i, mac, inet_addr(argv[4]), inet_addr(argv[5]));
		if (echo)
			build_echo(i);
		if (secrets)
			sign(i, i * (secrets - 1) / (BATCH - 1));
		iov[i].iov_base = &frame[i];
		iov[i].iov_len = length;
		msg[i].msg_hdr.msg_iov = &iov[i];
		msg[i].msg_hdr.msg_iovlen = 1;
	}

	first = received();
	if (window)
		mark_start();
	start = now();
	heard = start;
	while (sent < count) {
		if (rate)
			keep_to(start, sent, rate);
		for (i = 0; i < BATCH; i++)
			move_on(i, sent + i, inet_addr(argv[4]));
		n = sendmmsg(fd, msg, BATCH, 0);
		if (n <= 0)
			err(1, "sendmmsg");
		sent += n;
		while (window) {
			before = got;
			got = received() - first;
			if (sent - got + BATCH <= window)
				break;
			if (got != before)
				heard = now();
			else if (now() - heard > GIVE_UP)
				break;
			sched_yield();	/* the server's turn */
		}
	}
	if (window)
		mark_stop();
	printf("sent=%u received=%llu took=%llu\n", sent, received() - first,
	       now() - start);
	return 0;
}
