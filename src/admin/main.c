/** itn-admin: looks at a trade network, and mends what only a person may mend.
 *
 *  It reads the store and Redis beside the daemons, with their settings, and needs none of them to run. Reading changes
 *  nothing; it works while everything is at work.
 */
#include "admin/command.h"

int main(int argc, char **argv)
{
	return command_main(argc, argv);
}
