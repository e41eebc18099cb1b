// What the shaders of the fake programs share: runtime/abi/vulkan.h. PUSHED: the words that are pushed.
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) buffer Arena { uint arena[]; };
layout(set = 0, binding = 1) readonly buffer Weights { uint weights[]; };
layout(set = 0, binding = 2) buffer Caches { uint caches[]; };
layout(set = 0, binding = 3) readonly buffer Call { int T, S, C, U; };
layout(push_constant) uniform Push { uint pushed[PUSHED]; };

const uint vocabulary = 8, width = 4;

float number(uint at) { return uintBitsToFloat(arena[at]); }
void store(uint at, float value) { arena[at] = floatBitsToUint(value); }
