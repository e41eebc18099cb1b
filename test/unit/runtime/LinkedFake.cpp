//===- LinkedFake.cpp - what the compiler's object file would hold --------===//

#include "FakeHash.h"
#include "FakeProgram.h"

#include "runtime/abi/kernel.h"

asm(R"(
  .section .rodata.heddle_description, "a", @progbits
  .p2align 6
  .globl heddle_description
heddle_description:
  .incbin "description.bin"
)");

extern "C" {
extern const heddle_kernel_table heddle_kernel_tables[] = {{"any", "sse2", heddle::test::fakeKernels, 6}};
extern const uint64_t heddle_kernel_table_count = 1;
extern const uint64_t heddle_description_size = FAKE_SIZE;
extern const uint64_t heddle_description_hash = FAKE_HASH;
}
