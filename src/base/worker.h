/* Which worker of a parallel loop this thread is; -1 outside. For base/ only. */
#ifndef SHEAF_BASE_WORKER_H
#define SHEAF_BASE_WORKER_H

#include <stdint.h>

int32_t sheaf_i_worker(void);

#endif
