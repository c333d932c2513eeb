/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the unit tests of the state machines. Each test is one program, and includes this
 * once.
 */
#ifndef TEREDO_TOOL_TEST_H
#define TEREDO_TOOL_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct test {
	const char *name;
	void (*run)(void);
};

/* The current test has failed. */
static bool failed;

#define expect(condition)						\
	do {								\
		if (!(condition)) {					\
			printf("# %s:%d: %s\n", __func__, __LINE__,	\
			       #condition);				\
			failed = true;					\
		}							\
	} while (0)

/* Predictable, but never repeated */
static void __attribute__((unused)) pseudo_random(void *buf, size_t len)
{
	static uint32_t state = 1;
	uint8_t *p = buf;

	while (len--) {
		state = state * 1103515245 + 12345;
		*p++ = state >> 16;
	}
}

/* Run all tests, with KTAP on standard output. Returns the exit status. */
static int run_tests(const struct test *tests, unsigned int count)
{
	unsigned int i, failures = 0;

	puts("TAP version 13");
	printf("1..%u\n", count);
	for (i = 0; i < count; i++) {
		failed = false;
		tests[i].run();
		printf("%s %u - %s\n", failed ? "not ok" : "ok", i + 1,
		       tests[i].name);
		/* The next test may crash. */
		fflush(stdout);
		failures += failed;
	}
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif /* TEREDO_TOOL_TEST_H */
