// SPDX-License-Identifier: GPL-2.0
/* Requests about the secrets of a server */
#include <net/genetlink.h>

#include "base/compat.h"
#include "control/secret.h"
#include "device/device.h"
#include "netlink/family.h"
#include "netlink/find.h"
#include "netlink/netlink-gen.h"

/* Read the identifier in a request about one secret. */
static int parse_id(struct genl_info *info, const char **id)
{
	const struct nlattr *attr = info->attrs[TEREDO_A_SECRET_ID];

	if (!attr || !*(const char *)nla_data(attr)) {
		NL_SET_ERR_MSG(info->extack, "id is missing or empty");
		return -EINVAL;
	}
	*id = nla_data(attr);	/* The policy requires a final zero. */
	return 0;
}

/* Return the device of a request, or ERR_PTR, and set *@id to the identifier. RCU. */
static struct teredo_dev *secret_dev(const struct sk_buff *skb,
				     struct genl_info *info, const char **id)
{
	int err = parse_id(info, id);

	return err ? ERR_PTR(err) : teredo_nl_find_to_change(skb, info);
}

static int refuse_id(struct genl_info *info)
{
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[TEREDO_A_SECRET_ID],
			    "there is no secret with this id");
	return -ENOENT;
}

static int add_secret(const struct sk_buff *skb, struct genl_info *info,
		      struct teredo_secret *secret)
{
	struct teredo_dev *td;
	const char *id;

	td = secret_dev(skb, info, &id);
	if (IS_ERR(td))
		return PTR_ERR(td);
	if (rcu_dereference(td->config)->mode != TEREDO_MODE_SERVER) {
		NL_SET_ERR_MSG(info->extack, "only a server has secrets");
		return -EOPNOTSUPP;
	}
	return teredo_secret_add(td->secrets, secret,
				 info->attrs[TEREDO_A_SECRET_ONLY_NEW],
				 info->extack);
}

/* Add or replace a secret. All that may sleep is done before RCU is held. */
static int new_secret(const struct sk_buff *skb, struct genl_info *info,
		      const struct nlattr *key)
{
	const struct nlattr *state = info->attrs[TEREDO_A_SECRET_STATE];
	const struct nlattr *algorithm = info->attrs[TEREDO_A_SECRET_ALGORITHM];
	struct teredo_secret *secret;
	struct teredo_dev *td;
	const char *id;
	int err;

	if (!nla_len(key) || nla_len(key) > TEREDO_KEY_MAX) {
		NL_SET_ERR_MSG_ATTR(info->extack, key,
				    "key must be 1 to 255 octets long");
		return -EINVAL;
	}
	/* Check the request before anything is allocated. */
	rcu_read_lock();
	td = secret_dev(skb, info, &id);
	rcu_read_unlock();
	if (IS_ERR(td))
		return PTR_ERR(td);
	secret = teredo_secret_new(id, nla_data(key), nla_len(key),
				   algorithm ? nla_get_u8(algorithm) :
					       TEREDO_ALGORITHM_HMAC_SHA1,
				   state ? nla_get_u8(state) :
					   TEREDO_SECRET_STATE_VALID,
				   info->extack);
	if (IS_ERR(secret))
		return PTR_ERR(secret);

	rcu_read_lock();
	err = add_secret(skb, info, secret);
	rcu_read_unlock();
	if (err)
		teredo_secret_free(secret);
	return err;
}

/* Change the state of an existing secret. */
static int change_secret(const struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *state = info->attrs[TEREDO_A_SECRET_STATE];
	struct teredo_dev *td;
	const char *id;
	int err;

	if (!state || info->attrs[TEREDO_A_SECRET_ALGORITHM]) {
		NL_SET_ERR_MSG(info->extack, "key is missing");
		return -EINVAL;
	}
	rcu_read_lock();
	td = secret_dev(skb, info, &id);
	err = PTR_ERR_OR_ZERO(td);
	if (!err)
		err = teredo_secret_set_state(td->secrets, id,
					      nla_get_u8(state));
	rcu_read_unlock();
	return err == -ENOENT ? refuse_id(info) : err;
}

int teredo_nl_secret_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *key = info->attrs[TEREDO_A_SECRET_KEY];
	int err;

	if (!key)
		return change_secret(skb, info);
	err = new_secret(skb, info, key);
	/* Wipe the key, as the memory of the request may be left as it is for long. */
	memzero_explicit(nla_data(key), nla_len(key));
	return err;
}

int teredo_nl_secret_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	const char *id;
	int err;

	err = parse_id(info, &id) ?:
	      teredo_secret_del(teredo_nl_dev(info)->secrets, id);
	return err == -ENOENT ? refuse_id(info) : err;
}

struct secret_dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	const struct teredo_dev *td;
};

static bool dump_secret(const struct teredo_secret_info *info, void *arg)
{
	const struct secret_dump *dump = arg;
	void *hdr;

	hdr = genlmsg_put(dump->skb, NETLINK_CB(dump->cb->skb).portid,
			  dump->cb->nlh->nlmsg_seq, &teredo_nl_family,
			  NLM_F_MULTI, TEREDO_CMD_SECRET_GET);
	if (!hdr)
		return false;
	if (nla_put_u32(dump->skb, TEREDO_A_SECRET_IFINDEX,
			dump->td->dev->ifindex) ||
	    nla_put_string(dump->skb, TEREDO_A_SECRET_ID, info->id) ||
	    nla_put_u8(dump->skb, TEREDO_A_SECRET_STATE, info->state) ||
	    nla_put_u8(dump->skb, TEREDO_A_SECRET_ALGORITHM, info->algorithm)) {
		genlmsg_cancel(dump->skb, hdr);
		return false;
	}
	genlmsg_end(dump->skb, hdr);
	dump->cb->args[0] = info->serial;
	return true;
}

/* Check the device before the dump begins. */
int teredo_nl_secret_get_start(struct netlink_callback *cb)
{
	struct teredo_dev *td;

	rcu_read_lock();
	td = teredo_nl_find(sock_net(cb->skb->sk), teredo_compat_dump_attrs(cb),
			    cb->extack);
	rcu_read_unlock();
	return PTR_ERR_OR_ZERO(td);
}

int teredo_nl_secret_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	struct secret_dump dump = { .skb = skb, .cb = cb };
	struct teredo_dev *td;

	rcu_read_lock();
	td = teredo_nl_find(sock_net(skb->sk), teredo_compat_dump_attrs(cb),
			    cb->extack);
	/* If the device was removed meanwhile, the dump ends. */
	if (!IS_ERR(td)) {
		dump.td = td;
		teredo_secrets_each(td->secrets, cb->args[0], dump_secret,
				    &dump);
	}
	rcu_read_unlock();
	return skb->len;
}
