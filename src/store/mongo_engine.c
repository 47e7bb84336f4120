#include "store/mongo_engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/id.h"
#include "core/log.h"
#include "core/memory.h"

/* A batch may take longer than a caller of the API would wait. */
#define SOCKET_TIMEOUTS 4

enum itn_status engine_refuse(struct mongo_engine *engine, enum itn_status status, const char *reason, struct str of)
{
	snprintf(engine->reason, sizeof(engine->reason), "%s%s%.*s", reason, of.len ? ": " : "", STR_ARG(of));
	return status;
}

static void engine_abort(struct mongo_engine *engine)
{
	if (!engine->open)
		return;
	engine->open = false;
	if (mongoc_client_session_in_transaction(engine->via.session))
		mongoc_client_session_abort_transaction(engine->via.session, NULL);
}

void engine_disconnect(struct mongo_engine *engine)
{
	engine->open = false;
	if (engine->via.session)
		mongoc_client_session_destroy(engine->via.session);
	if (engine->via.client)
		mongoc_client_destroy(engine->via.client);
	engine->via.session = NULL;
	engine->via.client = NULL;
}

enum itn_status engine_fail(struct mongo_engine *engine, enum itn_status status)
{
	if (status != ITN_OK && status != ITN_NOT_FOUND)
		engine_refuse(engine, status, engine->via.error.message, STR_NONE);
	if (status == ITN_UNAVAILABLE) {
		link_suspect(engine_link(engine), engine->via.error.message);
		engine_disconnect(engine);
	} else {
		engine_abort(engine);
	}
	return status;
}

mongoc_client_session_t *engine_session_new(mongoc_client_t *client, bson_error_t *error)
{
	mongoc_read_concern_t *read = mongoc_read_concern_new();
	mongoc_transaction_opt_t *transaction = mongoc_transaction_opts_new();
	mongoc_session_opt_t *opts = mongoc_session_opts_new();
	mongoc_read_concern_set_level(read, MONGOC_READ_CONCERN_LEVEL_SNAPSHOT);
	mongoc_transaction_opts_set_read_concern(transaction, read);
	mongoc_transaction_opts_set_write_concern(transaction, mongoc_client_get_write_concern(client));
	mongoc_session_opts_set_default_transaction_opts(opts, transaction);
	mongoc_session_opts_set_causal_consistency(opts, true);
	mongoc_client_session_t *session = mongoc_client_start_session(client, opts, error);
	mongoc_session_opts_destroy(opts);
	mongoc_transaction_opts_destroy(transaction);
	mongoc_read_concern_destroy(read);
	return session;
}

enum itn_status engine_connect(struct mongo_engine *engine)
{
	enum itn_status status = link_status(engine_link(engine));
	if (status)
		return engine_refuse(engine, status, "the store does not answer", STR_NONE);
	if (engine->via.session)
		return ITN_OK;
	int64_t timeout_ms = link_timeout_ms(engine_link(engine)) * SOCKET_TIMEOUTS;
	engine->via.client = link_client_new(engine_link(engine), timeout_ms);
	if (engine->via.client)
		engine->via.session = engine_session_new(engine->via.client, &engine->via.error);
	return engine->via.session ? ITN_OK : engine_fail(engine, ITN_UNAVAILABLE);
}

enum itn_status mongo_engine_open(struct store *base, const char *holder, struct store_engine **ret_engine,
				  struct error *error unused_arg)
{
	struct mongo_engine *engine = memory_calloc(1, sizeof(*engine));
	engine->base.store = base;
	engine->holder = holder;
	engine->via.database = link_database(mongo_store_of(base)->link);
	*ret_engine = &engine->base;
	return ITN_OK;
}

void mongo_engine_close(struct store_engine *base)
{
	struct mongo_engine *engine = mongo_engine_of(base);
	engine_abort(engine);
	engine_disconnect(engine);
	free(engine);
}

const char *mongo_engine_error(const struct store_engine *base)
{
	return ((const struct mongo_engine *)base)->reason;
}

/* The head as a standby sees it, with the session of its holder. */
struct seen_head {
	struct store_lease lease;
	int64_t last_seq;
	bson_t lsid;
	bool found, has_lsid;
};

static bool lease_row(void *context, const bson_t *doc)
{
	struct seen_head *seen = context;
	bson_t lsid;
	seen->found = true;
	seen->lease.epoch = bson_take_int(doc, "epoch");
	seen->lease.beat = bson_take_int(doc, "beat");
	seen->last_seq = bson_take_int(doc, "lastSeq");
	snprintf(seen->lease.holder, sizeof(seen->lease.holder), "%.*s", STR_ARG(bson_take_str(doc, "holder")));
	if ((seen->has_lsid = bson_take_document(doc, "lsid", &lsid)))
		bson_copy_to(&lsid, &seen->lsid);
	return true;
}

static enum itn_status head_see(struct mongo_engine *engine, struct seen_head *ret_seen)
{
	enum itn_status status = engine_connect(engine);
	if (status)
		return status;
	bson_t filter;
	filter_id(&filter, STR("head"));
	*ret_seen = (struct seen_head){ 0 };
	struct via outside = engine->via;
	outside.session = NULL;
	status = via_find(&outside, IN_HEAD, &filter, NULL, lease_row, ret_seen);
	bson_destroy(&filter);
	if (status) {
		engine->via.error = outside.error;
		return engine_fail(engine, status);
	}
	return ret_seen->found ? ITN_OK : engine_refuse(engine, ITN_FAILED, "the database has lost its head", STR_NONE);
}

static void seen_free(struct seen_head *seen)
{
	if (seen->has_lsid)
		bson_destroy(&seen->lsid);
}

enum itn_status mongo_lease_read(struct store_engine *base, struct store_lease *ret_lease)
{
	struct seen_head seen;
	enum itn_status status = head_see(mongo_engine_of(base), &seen);
	if (status)
		return status;
	*ret_lease = seen.lease;
	seen_free(&seen);
	return ITN_OK;
}

static enum itn_status session_kill(struct mongo_engine *engine, const bson_t *lsid)
{
	bson_t command = BSON_INITIALIZER, list;
	struct via outside = engine->via;
	outside.session = NULL;
	bson_append_array_begin(&command, "killSessions", -1, &list);
	bson_append_document(&list, "0", -1, lsid);
	bson_append_array_end(&command, &list);
	enum itn_status status = via_command(&outside, &command, NULL);
	bson_destroy(&command);
	engine->via.error = outside.error;
	if (status != ITN_FAILED)
		return status;
	/* Not known or not allowed here: an open transaction of the former holder ends by the server's own time limit.
	 */
	log_warn("the former engine's session can't be ended", LOG_CSTR("why", outside.error.message));
	return ITN_OK;
}

enum itn_status engine_kill_session(struct mongo_engine *engine)
{
	bson_t lsid;
	bson_copy_to(mongoc_client_session_get_lsid(engine->via.session), &lsid);
	engine_disconnect(engine);
	enum itn_status status = engine_connect(engine);
	if (!status)
		status = session_kill(engine, &lsid);
	bson_destroy(&lsid);
	return status;
}

void engine_head_filter(const struct mongo_engine *engine, bson_t *ret_filter)
{
	filter_id(ret_filter, STR("head"));
	bson_put_int(ret_filter, "epoch", engine->epoch);
	bson_put_int(ret_filter, "lastSeq", engine->last_seq);
}

/* One more beat in our session's name. */
static void put_beat(struct mongo_engine *engine, bson_t *update, bool new_epoch)
{
	bson_t set, inc;
	bson_append_document_begin(update, "$set", -1, &set);
	bson_append_document(&set, "lsid", -1, mongoc_client_session_get_lsid(engine->via.session));
	if (new_epoch)
		bson_put_str(&set, "holder", str_from(engine->holder));
	bson_append_document_end(update, &set);
	bson_append_document_begin(update, "$inc", -1, &inc);
	bson_put_int(&inc, "beat", 1);
	if (new_epoch)
		bson_put_int(&inc, "epoch", 1);
	bson_append_document_end(update, &inc);
}

static enum itn_status lease_write(struct mongo_engine *engine, const struct store_lease *seen)
{
	bson_t filter, update = BSON_INITIALIZER, head;
	struct via outside = engine->via;
	outside.session = NULL;
	filter_id(&filter, STR("head"));
	bson_put_int(&filter, "epoch", seen->epoch);
	bson_put_int(&filter, "beat", seen->beat);
	put_beat(engine, &update, true);
	enum itn_status status = via_modify(&outside, IN_HEAD, &filter, &update, &head);
	bson_destroy(&filter);
	bson_destroy(&update);
	if (!status) {
		engine->epoch = bson_take_int(&head, "epoch");
		engine->last_seq = bson_take_int(&head, "lastSeq");
		bson_destroy(&head);
	}
	engine->via.error = outside.error;
	return status;
}

/* Whether the lease that we asked for came to us although the answer did not. */
static enum itn_status lease_settle(struct mongo_engine *engine, const struct store_lease *seen, const bson_t *lsid)
{
	struct seen_head now;
	if (head_see(engine, &now))
		return ITN_UNAVAILABLE;
	bool ours = now.lease.epoch == seen->epoch + 1 && now.has_lsid && bson_equal(&now.lsid, lsid);
	if (ours) {
		engine->epoch = now.lease.epoch;
		engine->last_seq = now.last_seq;
	}
	bool same = now.lease.epoch == seen->epoch && now.lease.beat == seen->beat;
	seen_free(&now);
	return ours ? ITN_OK : same ? ITN_UNAVAILABLE : ITN_LOST_LEASE;
}

static enum itn_status lease_ask(struct mongo_engine *engine, const struct store_lease *seen)
{
	bson_t lsid;
	bson_copy_to(mongoc_client_session_get_lsid(engine->via.session), &lsid);
	enum itn_status status = lease_write(engine, seen);
	if (status == ITN_UNAVAILABLE) {
		engine_fail(engine, status);
		status = lease_settle(engine, seen, &lsid);
	}
	bson_destroy(&lsid);
	if (status == ITN_NOT_FOUND || status == ITN_CONFLICT)
		status = ITN_LOST_LEASE;
	if (status == ITN_LOST_LEASE)
		engine_refuse(engine, status, "the lease was renewed or taken meanwhile", STR_NONE);
	return status == ITN_FAILED ? engine_fail(engine, status) : status;
}

enum itn_status mongo_lease_take(struct store_engine *base, const struct store_lease *seen)
{
	struct mongo_engine *engine = mongo_engine_of(base);
	struct seen_head now;
	engine_abort(engine);
	enum itn_status status = head_see(engine, &now);
	if (status)
		return status;
	bool same = now.lease.epoch == seen->epoch && now.lease.beat == seen->beat;
	if (same && now.has_lsid)
		status = session_kill(engine, &now.lsid);
	seen_free(&now);
	if (!same)
		return engine_refuse(engine, ITN_LOST_LEASE, "the lease was renewed or taken meanwhile", STR_NONE);
	return status ? engine_fail(engine, status) : lease_ask(engine, seen);
}

/* The guarded update of head; in a transaction its first statement. */
static enum itn_status head_renew(struct mongo_engine *engine, struct via *via, bson_t *ret_head)
{
	bson_t filter, update = BSON_INITIALIZER;
	engine_head_filter(engine, &filter);
	put_beat(engine, &update, false);
	enum itn_status status = via_modify(via, IN_HEAD, &filter, &update, ret_head);
	bson_destroy(&filter);
	bson_destroy(&update);
	engine->via.error = via->error;
	if (status == ITN_NOT_FOUND) {
		engine_abort(engine);
		engine->epoch = 0;
		return engine_refuse(engine, ITN_LOST_LEASE, "another engine holds the lease", STR_NONE);
	}
	return status ? engine_fail(engine, status) : ITN_OK;
}

static enum itn_status engine_ours(struct mongo_engine *engine)
{
	if (engine->epoch == 0)
		return engine_refuse(engine, ITN_LOST_LEASE, "this engine holds no lease", STR_NONE);
	engine_abort(engine);
	return engine_connect(engine);
}

enum itn_status engine_renew(struct mongo_engine *engine, struct store_head *ret_head)
{
	bson_t head;
	enum itn_status status = engine_ours(engine);
	if (status)
		return status;
	struct via outside = engine->via;
	outside.session = NULL;
	if ((status = head_renew(engine, &outside, &head)))
		return status;
	head_from_bson(&head, ret_head);
	bson_destroy(&head);
	return ITN_OK;
}

enum itn_status mongo_lease_renew(struct store_engine *base)
{
	struct store_head head;
	return engine_renew(mongo_engine_of(base), &head);
}

void mongo_lease_release(struct store_engine *base)
{
	struct mongo_engine *engine = mongo_engine_of(base);
	if (engine_ours(engine))
		return;
	bson_t filter, update = BSON_INITIALIZER, part, head;
	struct via outside = engine->via;
	outside.session = NULL;
	engine_head_filter(engine, &filter);
	bson_append_document_begin(&update, "$set", -1, &part);
	bson_put_str(&part, "holder", STR(""));
	bson_append_document_end(&update, &part);
	bson_append_document_begin(&update, "$inc", -1, &part);
	bson_put_int(&part, "beat", 1);
	bson_append_document_end(&update, &part);
	engine->epoch = 0;
	if (!via_modify(&outside, IN_HEAD, &filter, &update, &head))
		bson_destroy(&head);
	bson_destroy(&filter);
	bson_destroy(&update);
}

enum itn_status mongo_batch_begin(struct store_engine *base, struct arena *arena, size_t max, size_t max_jobs,
				  struct store_batch *ret_batch)
{
	struct mongo_engine *engine = mongo_engine_of(base);
	struct store_batch batch = { 0 };
	bson_t head;
	enum itn_status status = engine_ours(engine);
	if (status)
		return status;
	if (!mongoc_client_session_start_transaction(engine->via.session, NULL, &engine->via.error))
		return engine_fail(engine, ITN_UNAVAILABLE);
	engine->open = true;
	if ((status = head_renew(engine, &engine->via, &head)))
		return status;
	head_from_bson(&head, &batch.head);
	bson_destroy(&head);
	engine->arena = arena;
	prefetch_begin(engine);
	if ((status = backlog_read(engine, arena, max, &batch)) ||
	    (status = jobs_read(engine, arena, max_jobs, &batch)))
		return engine_fail(engine, status);
	*ret_batch = batch;
	return ITN_OK;
}

void mongo_batch_abort(struct store_engine *base)
{
	engine_abort(mongo_engine_of(base));
}

enum itn_status mongo_log_renew(struct store_engine *base)
{
	struct mongo_engine *engine = mongo_engine_of(base);
	enum itn_status status = engine_ours(engine);
	if (status)
		return status;
	char log[STORE_LOG_ID_LEN + 1];
	bson_t filter, update = BSON_INITIALIZER, set, head;
	struct via outside = engine->via;
	outside.session = NULL;
	id_random_hex(log, STORE_LOG_ID_LEN);
	engine_head_filter(engine, &filter);
	bson_append_document_begin(&update, "$set", -1, &set);
	bson_put_str(&set, "log", str_from(log));
	bson_append_document_end(&update, &set);
	status = via_modify(&outside, IN_HEAD, &filter, &update, &head);
	bson_destroy(&filter);
	bson_destroy(&update);
	engine->via.error = outside.error;
	if (!status)
		bson_destroy(&head);
	if (status == ITN_NOT_FOUND)
		return engine_refuse(engine, ITN_LOST_LEASE, "another engine holds the lease", STR_NONE);
	return status ? engine_fail(engine, status) : ITN_OK;
}
