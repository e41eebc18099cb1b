/* What a compiled program exports for heddle.h: one function that returns one table. Later versions only add
 * at the table's end, so that old hosts work with new programs; a host asks for the version it was built for.
 */
#ifndef HEDDLE_API_TABLE_H
#define HEDDLE_API_TABLE_H

#include "runtime/include/heddle.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { HEDDLE_API_VERSION = 2 };

/* The program's side of a heddle_program. */
typedef struct heddle_handle heddle_handle;

typedef struct heddle_api_table {
  uint32_t version; /* the newest that the program serves */
  uint32_t size;    /* bytes of the table */
  heddle_handle *(*open)(const char *path, const heddle_options *options, char **error);
  void (*close)(heddle_handle *handle);
  const char *(*model_name)(const heddle_handle *handle);
  uint64_t (*context)(const heddle_handle *handle);
  int64_t (*tokenize)(heddle_handle *handle, const char *text, int special, int32_t *tokens, size_t room,
                      char **error);
  char *(*detokenize)(heddle_handle *handle, const int32_t *tokens, size_t count, char **error);
  int64_t (*generate)(heddle_handle *handle, const char *text, const heddle_sampling *sampling,
                      heddle_receiver receiver, void *user, char **error);
  int64_t (*chat)(heddle_handle *handle, const heddle_message *messages, size_t count,
                  const heddle_sampling *sampling, heddle_receiver receiver, void *user, char **error);
  void (*reset)(heddle_handle *handle);
  /* Since 2. `open` above takes options that end with `context`. */
  heddle_handle *(*open_on_device)(const char *path, const heddle_options *options, char **error);
} heddle_api_table;

/* The table, or NULL when the program does not serve `version`. Exported by every compiled program. */
const heddle_api_table *heddle_api_get(uint32_t version);
typedef const heddle_api_table *(*heddle_api_get_function)(uint32_t version);

#ifdef __cplusplus
}
#endif

#endif
