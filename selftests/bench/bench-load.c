// SPDX-License-Identifier: GPL-2.0
/* Load for bench-guest.sh, in one process that steps from one network namespace
 * into another, so that no scheduler has a part in the figures:
 *
 *	bench-load spin
 *		keep the CPU busy when nobody else does.  With the instruction
 *		counter as the clock, an idle CPU lets time leap.
 *	bench-load flow FROM TO|- ADDRESS SIZE COUNT
 *		UDP datagrams to a socket that is read in between; all work on
 *		the way is done in the context of the sender.  "-": nobody
 *		receives.
 *	bench-load stream FROM TO ADDRESS COUNT
 *		TCP, COUNT times 64 KiB, likewise
 *	bench-load tx FROM PEERS COUNT
 *		datagrams to peers taken at random from those of bench-peers
 *	bench-load rx FROM TO ADDRESS PORT DEST PEERS COUNT
 *		datagrams to the tunnel at ADDRESS and PORT, with packets from
 *		peers taken at random to DEST, where a socket is read
 *	bench-load burst FROM TO ADDRESS COUNT MICROSECONDS
 *		numbered datagrams that far apart: how many arrive, and how many
 *		of them after a later one
 *
 * Output: sent=N received=N took=NANOSECONDS
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define PORT	5201
#define BATCH	16
#define SIZE	1500

static struct mmsghdr out[BATCH], in[BATCH];
static struct iovec out_iov[BATCH], in_iov[BATCH];
static struct sockaddr_in6 out_to[BATCH];
static unsigned char out_buf[BATCH][SIZE], in_buf[BATCH][SIZE];

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void enter(const char *ns)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", ns);
	fd = open(path, O_RDONLY);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", path);
	close(fd);
}

static socklen_t address(struct sockaddr_storage *ss, const char *text,
			 unsigned int port)
{
	struct sockaddr_in6 *in6 = (void *)ss;
	struct sockaddr_in *in4 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		return sizeof(*in6);
	}
	if (inet_pton(AF_INET, text, &in4->sin_addr) != 1)
		errx(1, "not numeric: %s", text);
	in4->sin_family = AF_INET;
	in4->sin_port = htons(port);
	return sizeof(*in4);
}

/* Receive on @port in the namespace @ns; -1 for none. */
static int receiver(const char *ns, int family, unsigned int port)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	if (!strcmp(ns, "-"))
		return -1;
	enter(ns);
	len = address(&ss, family == AF_INET ? "0.0.0.0" : "::", port);
	fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (void *)&ss, len))
		err(1, "receiver");
	return fd;
}

static unsigned int drain(int fd)
{
	unsigned int total = 0;
	int n;

	if (fd < 0)
		return 0;
	do {
		n = recvmmsg(fd, in, BATCH, MSG_DONTWAIT, NULL);
		if (n > 0)
			total += n;
	} while (n == BATCH);
	return total;
}

static void send_batch(int fd, unsigned int n)
{
	unsigned int done = 0;
	int ret;

	while (done < n) {
		ret = sendmmsg(fd, out + done, n - done, 0);
		if (ret > 0)
			done += ret;
		else if (errno != ENOBUFS && errno != EAGAIN)
			err(1, "sendmmsg");
		else
			done++;		/* lost */
	}
}

static void buffers(size_t size)
{
	unsigned int i;

	if (size > SIZE)
		errx(1, "too large");
	for (i = 0; i < BATCH; i++) {
		out_iov[i].iov_base = out_buf[i];
		out_iov[i].iov_len = size;
		out[i].msg_hdr.msg_iov = &out_iov[i];
		out[i].msg_hdr.msg_iovlen = 1;
		in_iov[i].iov_base = in_buf[i];
		in_iov[i].iov_len = SIZE;
		in[i].msg_hdr.msg_iov = &in_iov[i];
		in[i].msg_hdr.msg_iovlen = 1;
	}
}

static unsigned int random_peer(unsigned int peers)
{
	static uint64_t state = 88172645463325252ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % peers;
}

/* The measurement itself: @count datagrams, @fill makes each. */
static void measure(int tx, int rx, unsigned int count, unsigned int peers,
		    void (*fill)(unsigned int slot, unsigned int peer))
{
	unsigned int sent, received = 0, i, warm = 2048;
	uint64_t start = 0;

	for (sent = 0; sent < count + warm; sent += BATCH) {
		if (sent == warm) {
			received = 0;
			mark_start();
			start = now();
		}
		if (fill)
			for (i = 0; i < BATCH; i++)
				fill(i, random_peer(peers));
		send_batch(tx, BATCH);
		received += drain(rx);
	}
	start = now() - start;
	mark_stop();
	usleep(10000);
	received += drain(rx);
	printf("sent=%u received=%u took=%llu\n", sent - warm, received,
	       (unsigned long long)start);
}

static void flow(char **argv)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int tx, rx;

	len = address(&ss, argv[2], PORT);
	rx = receiver(argv[1], ss.ss_family, PORT);
	enter(argv[0]);
	tx = socket(ss.ss_family, SOCK_DGRAM, 0);
	if (tx < 0 || connect(tx, (void *)&ss, len))
		err(1, "%s", argv[2]);
	buffers(atoi(argv[3]));
	measure(tx, rx, atoi(argv[4]), 1, NULL);
}

/* What was sent but could not be received at once waits for acknowledgements. */
static void stream(char **argv)
{
	static unsigned char buf[65536];
	struct sockaddr_storage ss, any;
	uint64_t total, sent = 0, received = 0, warm = 256 * sizeof(buf), start = 0;
	int listener, tx, rx, one = 1;
	socklen_t len;
	ssize_t n;

	total = atoi(argv[3]) * sizeof(buf) + warm;
	len = address(&ss, argv[2], PORT);
	enter(argv[1]);
	listener = socket(ss.ss_family, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	address(&any, ss.ss_family == AF_INET ? "0.0.0.0" : "::", PORT);
	if (listener < 0 || bind(listener, (void *)&any, len) ||
	    listen(listener, 1))
		err(1, "listener");
	enter(argv[0]);
	tx = socket(ss.ss_family, SOCK_STREAM, 0);
	if (tx < 0 || connect(tx, (void *)&ss, len))
		err(1, "%s", argv[2]);
	rx = accept(listener, NULL, NULL);
	if (rx < 0)
		err(1, "accept");
	while (received < total) {
		if (!start && received >= warm) {
			warm = received;
			mark_start();
			start = now();
		}
		if (sent < total) {
			n = send(tx, buf, sizeof(buf), MSG_DONTWAIT);
			if (n > 0)
				sent += n;
		}
		while ((n = recv(rx, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
			received += n;
	}
	start = now() - start;
	mark_stop();
	printf("sent=%llu received=%llu took=%llu\n",
	       (unsigned long long)((sent - warm) / sizeof(buf)),
	       (unsigned long long)((received - warm) / sizeof(buf)),
	       (unsigned long long)start);
}

static void fill_tx(unsigned int slot, unsigned int peer)
{
	bench_peer(&out_to[slot].sin6_addr, NULL, NULL, peer);
}

static void tx_peers(char **argv)
{
	unsigned int i;
	int tx;

	enter(argv[0]);
	tx = socket(AF_INET6, SOCK_DGRAM, 0);
	if (tx < 0)
		err(1, "socket");
	buffers(64);
	for (i = 0; i < BATCH; i++) {
		out_to[i].sin6_family = AF_INET6;
		out_to[i].sin6_port = htons(PORT);
		out[i].msg_hdr.msg_name = &out_to[i];
		out[i].msg_hdr.msg_namelen = sizeof(out_to[i]);
	}
	measure(tx, -1, atoi(argv[2]), atoi(argv[1]), fill_tx);
}

/* One's complement sum of what is aligned to two octets. */
static uint32_t sum(const void *data, size_t len, uint32_t start)
{
	const uint16_t *word = data;

	for (; len > 1; len -= 2)
		start += *word++;
	return start;
}

static void fill_rx(unsigned int slot, unsigned int peer)
{
	struct ip6_hdr *ip6 = (void *)out_buf[slot];
	struct udphdr *udp = (void *)(ip6 + 1);
	uint32_t check;

	bench_peer(&ip6->ip6_src, NULL, NULL, peer);
	udp->check = 0;
	check = sum(&ip6->ip6_src, 32, htons(IPPROTO_UDP) + udp->len);
	check = sum(udp, 8, check);	/* the data is zero */
	check = (check & 0xffff) + (check >> 16);
	check = (check & 0xffff) + (check >> 16);
	udp->check = ~check & 0xffff ? : 0xffff;
}

static void rx_peers(char **argv)
{
	struct sockaddr_storage ss;
	socklen_t len;
	unsigned int i;
	int tx, rx;

	rx = receiver(argv[1], AF_INET6, PORT);
	enter(argv[0]);
	tx = socket(AF_INET, SOCK_DGRAM, 0);
	len = address(&ss, "0.0.0.0", PORT);
	if (tx < 0 || bind(tx, (void *)&ss, len))
		err(1, "bind");
	len = address(&ss, argv[2], atoi(argv[3]));
	if (connect(tx, (void *)&ss, len))
		err(1, "%s", argv[2]);
	buffers(sizeof(struct ip6_hdr) + sizeof(struct udphdr) + 64);
	for (i = 0; i < BATCH; i++) {
		struct ip6_hdr *ip6 = (void *)out_buf[i];
		struct udphdr *udp = (void *)(ip6 + 1);

		ip6->ip6_flow = htonl(6u << 28);
		ip6->ip6_nxt = IPPROTO_UDP;
		ip6->ip6_hlim = 64;
		ip6->ip6_plen = htons(sizeof(*udp) + 64);
		inet_pton(AF_INET6, argv[4], &ip6->ip6_dst);
		udp->source = htons(PORT);
		udp->dest = htons(PORT);
		udp->len = htons(sizeof(*udp) + 64);
	}
	measure(tx, rx, atoi(argv[6]), atoi(argv[5]), fill_rx);
}

/* Datagrams with numbers in network byte order. */
static void burst(char **argv)
{
	struct sockaddr_storage ss;
	unsigned int i, count = atoi(argv[3]), gap = atoi(argv[4]);
	unsigned int received = 0, disorder = 0;
	uint32_t number, last = 0;
	uint64_t first = 0, start;
	socklen_t len;
	int tx, rx;

	len = address(&ss, argv[2], PORT);
	rx = receiver(argv[1], ss.ss_family, PORT);
	enter(argv[0]);
	tx = socket(ss.ss_family, SOCK_DGRAM, 0);
	if (tx < 0 || connect(tx, (void *)&ss, len))
		err(1, "%s", argv[2]);
	start = now();
	for (i = 1; i <= count || now() - start < 6000000000ull; i++) {
		if (i <= count) {
			number = htonl(i);
			send(tx, &number, sizeof(number), 0);
		}
		usleep(i <= count ? gap : 5000);
		while (recv(rx, &number, sizeof(number), 0) == 4) {
			if (!first)
				first = now() - start;
			received++;
			disorder += ntohl(number) < last;
			last = ntohl(number);
		}
		if (received >= count)
			break;
	}
	printf("sent=%u received=%u disorder=%u first_ms=%.1f\n", count, received,
	       disorder, first / 1e6);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int args;
		void (*run)(char **argv);
	} list[] = {
		{ "flow", 5, flow },
		{ "stream", 4, stream },
		{ "tx", 3, tx_peers },
		{ "rx", 7, rx_peers },
		{ "burst", 5, burst },
	};
	unsigned int i;

	if (argc == 2 && !strcmp(argv[1], "spin")) {
		struct sched_param param = { 0 };

		sched_setscheduler(0, SCHED_IDLE, &param);
		for (;;)
			asm volatile("");
	}
	for (i = 0; argc > 1 && i < sizeof(list) / sizeof(list[0]); i++)
		if (!strcmp(argv[1], list[i].name) && argc == list[i].args + 2) {
			list[i].run(argv + 2);
			return 0;
		}
	fprintf(stderr, "bench-load: see the source\n");
	return 2;
}
