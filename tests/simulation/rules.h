#ifndef ITN_SIMULATION_RULES_H
#define ITN_SIMULATION_RULES_H

enum rule {
#define RULE(key, text) RULE_##key,
#include "rules.def"
#undef RULE
	RULES
};

#endif
