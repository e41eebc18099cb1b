/* Embed.c - heddle.h for a host program: opens a compiled program with dlopen and calls through its table. */

#include "runtime/api/Table.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct heddle_program {
  void *library;
  const heddle_api_table *api;
  heddle_handle *handle;
};

static void set_error(char **error, const char *what, const char *detail) {
  if (!error)
    return;
  size_t room = strlen(what) + strlen(detail) + 1;
  *error = malloc(room);
  if (*error)
    snprintf(*error, room, "%s%s", what, detail);
}

/* The table of an opened library; NULL, with an error, when it has none that fits. */
static const heddle_api_table *find_table(void *library, char **error) {
  heddle_api_get_function get = (heddle_api_get_function)dlsym(library, "heddle_api_get");
  if (!get) {
    set_error(error, "not a program that Heddle compiled: it has no 'heddle_api_get'", "");
    return NULL;
  }
  const heddle_api_table *api = get(HEDDLE_API_VERSION);
  if (!api || api->size < sizeof(heddle_api_table)) {
    set_error(error, "the program was compiled by an older Heddle: compile the model again", "");
    return NULL;
  }
  return api;
}

heddle_program *heddle_open(const char *path, const heddle_options *options, char **error) {
  if (error)
    *error = NULL;
  if (!path) {
    set_error(error, "'path' must not be NULL", "");
    return NULL;
  }
  heddle_program *program = calloc(1, sizeof *program);
  if (!program) {
    set_error(error, "not enough memory", "");
    return NULL;
  }
  /* A path without a slash would be looked for among the system's libraries. */
  char *real = realpath(path, NULL);
  program->library = dlopen(real ? real : path, RTLD_NOW | RTLD_LOCAL);
  if (!program->library)
    set_error(error, "cannot open the program: ", dlerror());
  else if ((program->api = find_table(program->library, error)))
    program->handle = program->api->open_on_device(real ? real : path, options, error);
  free(real);
  if (program->handle)
    return program;
  if (program->library)
    dlclose(program->library);
  free(program);
  return NULL;
}

void heddle_close(heddle_program *program) {
  if (!program)
    return;
  program->api->close(program->handle);
  dlclose(program->library);
  free(program);
}

const char *heddle_model_name(const heddle_program *program) {
  return program->api->model_name(program->handle);
}

uint64_t heddle_context(const heddle_program *program) { return program->api->context(program->handle); }

int64_t heddle_tokenize(heddle_program *program, const char *text, int special, int32_t *tokens, size_t room,
                        char **error) {
  return program->api->tokenize(program->handle, text, special, tokens, room, error);
}

char *heddle_detokenize(heddle_program *program, const int32_t *tokens, size_t count, char **error) {
  return program->api->detokenize(program->handle, tokens, count, error);
}

heddle_sampling heddle_default_sampling(void) {
  heddle_sampling sampling = {0, 0.8f, 40, 0.95f, 0.05f, 1.0f, 0};
  return sampling;
}

int64_t heddle_generate(heddle_program *program, const char *text, const heddle_sampling *sampling,
                        heddle_receiver receiver, void *user, char **error) {
  return program->api->generate(program->handle, text, sampling, receiver, user, error);
}

int64_t heddle_chat(heddle_program *program, const heddle_message *messages, size_t count,
                    const heddle_sampling *sampling, heddle_receiver receiver, void *user, char **error) {
  return program->api->chat(program->handle, messages, count, sampling, receiver, user, error);
}

void heddle_reset(heddle_program *program) { program->api->reset(program->handle); }

void heddle_free(char *text) { free(text); }
