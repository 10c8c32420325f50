/* How a result was made, for JSON outputs. */
#ifndef SHEAF_REPORT_PROVENANCE_H
#define SHEAF_REPORT_PROVENANCE_H

#include "report/text.h"

/* {"schema":"sheaf.SCHEMA/1" and, if wanted, ,"provenance":{...}: the object stays open. model may be NULL. */
void sheaf_i_json_head(sheaf_i_text *t, const char *schema, const sheaf_model *model, const sheaf_write_opts *o);

#endif
