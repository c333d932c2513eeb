/* SPDX-License-Identifier: GPL-2.0 */
/* The refresh interval of the network that a client is in: remembered from the last visit
 * (remember.c), or determined while the client is in service (refresh.c), which takes
 * minutes and a socket of its own, the secondary port.
 */
#ifndef TEREDO_TOOL_LEARN_H
#define TEREDO_TOOL_LEARN_H

#include "client/refresh.h"
#include "client/remember.h"

struct learner {
	bool wanted;
	int fd;			/* of the secondary port, or -1 */
	uint32_t ifindex;
	bool known;		/* network is valid */
	struct network network;
	uint32_t seconds;	/* to use; 0: the configured interval */
	struct refresh refresh;
};

/* Continue with the interval that the previous controller determined. */
void learn_adopt(struct learner *l, const struct device *dev);

/* The client @dev is qualified by @service, newly or still. */
void learn_up(struct learner *l, const struct qualify *service,
	      const struct device *dev);

/* The client is no longer qualified. */
void learn_stop(struct learner *l);

/* The user has configured another interval: use that. */
void learn_overrule(struct learner *l, const char *ifname, uint32_t seconds);

/* Do what is due. Returns the interval to use, in seconds, or 0 for the configured one. */
uint32_t learn_poll(struct learner *l, const char *ifname);
uint64_t learn_deadline(const struct learner *l);

#endif /* TEREDO_TOOL_LEARN_H */
