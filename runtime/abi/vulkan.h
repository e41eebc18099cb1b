/* What generated shaders and the runtime agree on. Plain C, no dependencies.
 *
 * A shader's entry point is HEDDLE_SHADER_ENTRY, a compute shader whose workgroups have Shader.workgroup x 1
 * x 1 invocations, or, if it has Shader.widest, a multiple of these up to it: what the specialization
 * constant HEDDLE_SPEC_WORKGROUP says. All it binds is four storage buffers in set 0, which hold 32-bit words
 * (float32 or int32); behind each lie 64 bytes more. What it reads beyond a bound range is robust: no harm is
 * done.
 *
 * Push constants are 32-bit words, at most HEDDLE_PUSH_WORDS, in this order:
 *   - for each of the step's bindings, where it begins: in words from the start of what is bound for its
 * space (the arena, the weights or the caches); a multiple of 16, modulo 2^32. Of what is bound in a window
 * of rows, all before it is missing, so that it may begin before what is bound
 *   - the step's scalars, as float32
 *   - if the kernel has device_scratch: the word of the arena where scratch memory begins. That of workgroup
 * w begins w * device_scratch bytes behind it.
 *
 * A shader walks over the pieces of its kernel's grid itself: a workgroup of P * Shader.workgroup invocations
 * begins with the P pieces from P * WorkgroupId.x on and goes on in steps of P * NumWorkgroups.x while a
 * piece is below the grid's product, which it computes from the call's sizes. Of a shader with `teams` P
 * teams of invocations share one piece, and a workgroup goes on in steps of NumWorkgroups.x. So any number of
 * workgroups will do; of a `serial` kernel there is one. */
#ifndef HEDDLE_ABI_VULKAN_H
#define HEDDLE_ABI_VULKAN_H

#define HEDDLE_SHADER_ENTRY "main"

enum {
  HEDDLE_BIND_ARENA,   /* read and written */
  HEDDLE_BIND_WEIGHTS, /* read only */
  HEDDLE_BIND_CACHES,  /* read and written */
  HEDDLE_BIND_CALL, /* read only: the sizes of the call, int32 each, in the order of kernel.h's HEDDLE_SIZE_
                     */
  HEDDLE_BINDS
};

enum { HEDDLE_SPEC_WORKGROUP = 0 }; /* a constant_id */

enum { HEDDLE_PUSH_WORDS = 32 }; /* what Vulkan 1.1 guarantees */

#endif
