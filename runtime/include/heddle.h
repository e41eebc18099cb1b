/* heddle.h - use a compiled program from C.
 *
 * A program that `heddle compile` wrote can be run from a shell, and it can be opened by another program,
 * through the functions below. Link libheddle_embed.a and -ldl; nothing else of Heddle is needed.
 *
 * Texts are UTF-8 and end with a zero byte. Functions that can fail take `error`: where it is not NULL and
 * they fail, *error is a message that the caller frees with heddle_free; where they succeed, *error is NULL.
 * One handle must not be used by two threads at once; any number of handles may be open.
 */
#ifndef HEDDLE_H
#define HEDDLE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An open program: its weights, its threads, and one sequence of tokens that it remembers. */
typedef struct heddle_program heddle_program;

/* Begin with zeroes: {0}. */
typedef struct heddle_options {
  uint32_t threads;   /* 0: one a core */
  uint64_t context;   /* tokens there is room for; 0: as the model was trained, 4096 at most */
  const char *device; /* "cpu", or a Vulkan device's number, name or a part of it; NULL: the best there is */
} heddle_options;

/* How tokens are chosen. Begin with heddle_default_sampling. */
typedef struct heddle_sampling {
  uint64_t tokens;      /* to generate at most; 0: no limit but the context */
  float temperature;    /* 0: always the likeliest */
  uint32_t top_k;       /* 0: all */
  float top_p;          /* 1: all */
  float min_p;          /* 0: all */
  float repeat_penalty; /* 1: none */
  uint64_t seed;
} heddle_sampling;

/* One turn of a conversation. */
typedef struct heddle_message {
  const char *role; /* "system", "user" or "assistant" */
  const char *content;
} heddle_message;

/* Gets text as it is generated, `length` bytes of whole characters. Returns 0 to go on, anything else to
 * stop. */
typedef int (*heddle_receiver)(const char *text, size_t length, void *user);

/* Opens the program at `path`; `options` may be NULL. NULL on failure: no such file, not a program, of
 * another version, for another processor, damaged, not enough memory, or no such device. */
heddle_program *heddle_open(const char *path, const heddle_options *options, char **error);

/* Closes it and gives back all of its memory. NULL is fine. */
void heddle_close(heddle_program *program);

/* The checkpoint's name, valid while the program is open. */
const char *heddle_model_name(const heddle_program *program);

/* The tokens there is room for. */
uint64_t heddle_context(const heddle_program *program);

/* Writes the tokens of `text`, at most `room`, to `tokens`, and returns how many there are (which may be more
 * than `room`); -1 on failure. `special` not 0: with the tokens the model puts around a text. */
int64_t heddle_tokenize(heddle_program *program, const char *text, int special, int32_t *tokens, size_t room,
                        char **error);

/* The text of `count` tokens, to be freed with heddle_free; NULL on failure. */
char *heddle_detokenize(heddle_program *program, const int32_t *tokens, size_t count, char **error);

/* The model's usual way to choose tokens. */
heddle_sampling heddle_default_sampling(void);

/* Goes on with a text; `sampling` may be NULL. Returns the number of tokens generated, or -1 on failure. What
 * the text has in common with the one before is not computed again. */
int64_t heddle_generate(heddle_program *program, const char *text, const heddle_sampling *sampling,
                        heddle_receiver receiver, void *user, char **error);

/* Answers a conversation of `count` turns, the last of them the user's, through the model's chat template.
 * Else as heddle_generate. */
int64_t heddle_chat(heddle_program *program, const heddle_message *messages, size_t count,
                    const heddle_sampling *sampling, heddle_receiver receiver, void *user, char **error);

/* Forgets the sequence. */
void heddle_reset(heddle_program *program);

/* Frees what the functions above have returned. NULL is fine. */
void heddle_free(char *text);

#ifdef __cplusplus
}
#endif

#endif
