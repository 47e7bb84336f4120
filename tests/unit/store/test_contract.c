#include <signal.h>
#include <stdlib.h>

#include "contract.h"

int main(int argc, char **argv)
{
	static const struct contract_group *const groups[] = {
		&contract_write,   &contract_list, &contract_lease, &contract_batch,
		&contract_loading, &contract_jobs, &contract_alerts, &contract_notifications,
		&contract_ledger,  &contract_claims, &contract_crowd, &contract_inspect,
		&contract_prefetch, &contract_stock, &contract_scan, &contract_timeline,
#ifndef CONTRACT_STORE
		&contract_processes,
#endif
	};
	if (argc > 1)
		return child_main(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	struct CMUnitTest all[128];
	size_t count = 0;
	for (size_t i = 0; i < COUNT_OF(groups); i++)
		for (size_t n = 0; n < groups[i]->count && count < COUNT_OF(all); n++)
			all[count++] = groups[i]->tests[n];
	return _cmocka_run_group_tests("the contract of the store", all, count, NULL, NULL);
}
