/* Kernels of a program that computes nothing: two, as the test's description has. */
#include "runtime/abi/kernel.h"

static void nothing(const heddle_call *call, int64_t begin, int64_t end) {
  (void)call;
  (void)begin;
  (void)end;
}

static const heddle_kernel kernels[] = {nothing, nothing};
const heddle_kernel_table heddle_kernel_tables[] = {{"any", "", kernels, 2}};
const uint64_t heddle_kernel_table_count = 1;
