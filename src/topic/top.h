/* The best few of many. */
#ifndef SHEAF_TOPIC_TOP_H
#define SHEAF_TOPIC_TOP_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    double key;   /* high is good; ties: the lower id is the better one */
    int64_t id;
} sheaf_i_ranked;

/* Keeps the best `room` of all that were offered; unsorted until sheaf_i_top_sort. */
void sheaf_i_top_offer(sheaf_i_ranked *top, int32_t *n, int32_t room, double key, int64_t id);
/* Best first. No offers afterwards. */
void sheaf_i_top_sort(sheaf_i_ranked *top, int32_t n);

#endif
