/* What generated code and the runtime agree on. The compiler emits functions of type heddle_kernel and one
 * table of them for each CPU that a program was compiled for; the runtime calls them. Plain C, no
 * dependencies. */
#ifndef HEDDLE_ABI_KERNEL_H
#define HEDDLE_ABI_KERNEL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The sizes of a call, in this order (see program.fbs, Param). */
enum { HEDDLE_SIZE_T, HEDDLE_SIZE_S, HEDDLE_SIZE_C, HEDDLE_SIZE_U, HEDDLE_SIZES };

/* The most tokens of a call where a sequence may be fed in pieces. Caches that are rings have room for so many
 * beside their windows. */
enum { HEDDLE_LONGEST_CALL = 512 };

/* What a kernel is called with. All pointers stay valid for the call; buffers are aligned to 64 bytes. */
typedef struct heddle_call {
  void *const *buffers; /* one for each binding of the step */
  const int64_t *sizes; /* HEDDLE_SIZES numbers */
  const float *scalars; /* the step's numbers */
  void *scratch;        /* this thread's scratch memory, aligned to 64 bytes */
  int64_t first;        /* 1: the thread's first call of this step, 0: scratch is as its last call left it */
} heddle_call;

/* Computes the pieces [begin, end) of the kernel's grid. Pieces are independent of each other. */
typedef void (*heddle_kernel)(const heddle_call *call, int64_t begin, int64_t end);

/* The kernels for one kind of CPU, in the order of the description's `kernels`. */
typedef struct heddle_kernel_table {
  const char *cpu;      /* as given to --cpu */
  const char *features; /* LLVM's names of the CPU features that it needs, separated by commas */
  const heddle_kernel *kernels;
  uint64_t count;
} heddle_kernel_table;

/* Symbols of a compiled program. The best table comes first; the description is a FlatBuffer, program.fbs. */
extern const heddle_kernel_table heddle_kernel_tables[];
extern const uint64_t heddle_kernel_table_count;
/* The kernels that have shaders, for any processor, to compare a device's results with; not in all programs. */
extern const heddle_kernel_table heddle_check_tables[] __attribute__((weak));
extern const uint64_t heddle_check_table_count __attribute__((weak));
extern const uint8_t heddle_description[];
extern const uint64_t heddle_description_size;
extern const uint64_t heddle_description_hash; /* XXH3-64 */

#ifdef __cplusplus
}
#endif

#endif
