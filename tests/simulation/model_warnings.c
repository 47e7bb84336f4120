#include "model_parts.h"

#include <string.h>

/* A delay after creation is told to the admins, all else to one; what was delayed already when it was due to nobody. */
static unsigned mails_of_warning(const struct model *model, const char *id, bool is_cargo, bool late)
{
	size_t len = strcspn(id, ".");

	if (late)
		return id[len] ? model->admins : 0;

	for (size_t i = 0; is_cargo && i < model->cause_count; i++) {
		const char *cause = model->ids[model->causes[i].seq];

		if (strlen(cause) == len && strncmp(cause, id, len) == 0)
			return model->causes[i].created ? 1 : model->admins;
	}
	return 1;
}

/* It shows what was told last. */
void model_take_warning(struct model *model, const struct told *told)
{
	char id[48];
	size_t len = 0;
	bool is_cargo = !json_in_member(told->data, "transactionId"), late;
	const char *data;

	told_text(told->data, "_id", id, sizeof(id));
	data = model_data(model, is_cargo, id, &len);
	if (!data || len != told->raw_len || memcmp(data, told->raw, len) != 0)
		model->fail("seq %lld warns of another state of %s than was told", (long long)told->seq, id);
	late = model_warn_alert(model, told, is_cargo, id);
	model->mails[told->seq] = mails_of_warning(model, told->id, is_cargo, late);
	if (late)
		return;
	model->warnings[model_lane(model, is_cargo ? model_cargo(model, id)->destination
						   : model_trade(model, id)->destination)]++;
}

bool model_mail(struct model *model, const char *event)
{
	for (int64_t seq = 1; seq <= model->seq; seq++)
		if (strcmp(model->ids[seq], event) == 0 && model->mails[seq]) {
			model->mails[seq]--;
			model->rules[RULE_MAIL]++;
			return true;
		}
	return false;
}

size_t model_mails(const struct model *model)
{
	size_t left = 0;

	for (int64_t seq = 1; seq <= model->seq; seq++)
		left += model->mails[seq];
	return left;
}
