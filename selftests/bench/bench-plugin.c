// SPDX-License-Identifier: GPL-2.0
/* A plugin of QEMU's emulator that counts the instructions of the guest's kernel
 * by block, between two marks that bench-load makes, and numbers the results:
 *
 *	qemu-system-x86_64 -plugin FILE,out=PROFILE
 *
 * Lines of output: number of the result, address, instructions; address 0 is all of userspace.
 * bench-report.py turns addresses into functions.  One virtual CPU only.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench-plugin.h"

int qemu_plugin_version = 1;

/* Blocks by address.  They stay when QEMU throws its translations away. */
struct block {
	uint64_t vaddr;
	uint64_t insns;
	struct block *next;
};

#define BUCKETS	65536

static struct block *blocks[BUCKETS];
static struct block userspace;
static FILE *out;

static struct block *block(uint64_t vaddr)
{
	struct block **head = &blocks[(vaddr ^ vaddr >> 16) % BUCKETS];
	struct block *b;

	if (!(vaddr >> 63))
		return &userspace;
	for (b = *head; b; b = b->next)
		if (b->vaddr == vaddr)
			return b;
	b = calloc(1, sizeof(*b));
	if (!b)
		abort();
	b->vaddr = vaddr;
	b->next = *head;
	*head = b;
	return b;
}

static void emit(struct block *b, unsigned int number)
{
	if (b->insns && number)
		fprintf(out, "%u %llx %llu\n", number,
			(unsigned long long)b->vaddr,
			(unsigned long long)b->insns);
	b->insns = 0;
}

static void marked(unsigned int cpu, void *data)
{
	unsigned int number = 0, i;
	static unsigned int count;
	struct block *b;

	(void)cpu;
	if (data)
		number = ++count;
	emit(&userspace, number);
	for (i = 0; i < BUCKETS; i++)
		for (b = blocks[i]; b; b = b->next)
			emit(b, number);
	fflush(out);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	static const unsigned char nop[] = { 0x0f, 0x1f, 0x84, 0x00 };
	uint64_t vaddr = qemu_plugin_tb_vaddr(tb);
	size_t n = qemu_plugin_tb_n_insns(tb), i;
	void (*on_exec)(struct qemu_plugin_insn *insn,
			void (*cb)(unsigned int cpu, void *data), int flags,
			void *data) = qemu_plugin_register_vcpu_insn_exec_cb;
	struct qemu_plugin_insn *insn;
	const unsigned char *data;
	uint32_t tag;

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64,
						 &block(vaddr)->insns, n);
	if (vaddr >> 63)
		return;
	for (i = 0; i < n; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		if (qemu_plugin_insn_size(insn) != 8)
			continue;
		data = qemu_plugin_insn_data(insn);
		if (memcmp(data, nop, sizeof(nop)))
			continue;
		memcpy(&tag, data + 4, sizeof(tag));
		if (tag >> 12 == 0x7e4ed)
			on_exec(insn, marked, QEMU_PLUGIN_CB_NO_REGS,
				tag & 1 ? &userspace : NULL);
	}
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info,
			int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4))
		return -1;
	out = fopen(argv[0] + 4, "w");
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
