/* embed.c - a host program that lets a compiled model go on with a text.
 *
 *   heddle compile MODEL -o model
 *   cc embed.c -I runtime/include libheddle_embed.a -ldl -o embed
 *   ./embed ./model "Once upon a time" [DEVICE]
 */

#include "heddle.h"

#include <stdio.h>

static int print_text(const char *text, size_t length, void *user) {
  (void)user;
  fwrite(text, 1, length, stdout);
  fflush(stdout);
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 3 || argc > 4) {
    fprintf(stderr, "usage: %s PROGRAM TEXT [DEVICE]\n", argv[0]);
    return 2;
  }
  char *error = NULL;
  heddle_options options = {0};
  options.device = argc > 3 ? argv[3] : NULL;
  heddle_program *program = heddle_open(argv[1], &options, &error);
  if (!program) {
    fprintf(stderr, "%s: %s\n", argv[1], error ? error : "cannot be opened");
    heddle_free(error);
    return 1;
  }
  heddle_sampling sampling = heddle_default_sampling();
  sampling.tokens = 64;
  sampling.temperature = 0;
  int64_t count = heddle_generate(program, argv[2], &sampling, print_text, NULL, &error);
  printf("\n");
  if (count < 0)
    fprintf(stderr, "%s: %s\n", argv[1], error ? error : "failed");
  heddle_free(error);
  heddle_close(program);
  return count < 0;
}
