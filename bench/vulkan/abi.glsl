// What the hand-written shaders share: runtime/abi/vulkan.h. PUSHED: how many words are pushed, one for each
// binding in the order of HandWritten.cpp. All is read and written four words at a time: a device does as much
// for one.
//
// Matrices, as passes/Packing.h has them for 16 lanes: [row / 16][block][word][row % 16]. q4_1: blocks of 32
// columns, five words; the fifth has d and m as float16. f32: a block is a column, of one word.
// Keys: [head][key / 16][column][key % 16]; values: [head][key][column]; room for S keys, a multiple of 64.
#extension GL_EXT_control_flow_attributes : require
layout(local_size_x = 16) in;
layout(std430, set = 0, binding = 0) buffer Arena { vec4 arena[]; };
layout(std430, set = 0, binding = 1) readonly buffer Weights { uvec4 weights[]; };
layout(std430, set = 0, binding = 3) readonly buffer Call { int T, S, C, U; };
layout(push_constant) uniform Push { uint pushed[PUSHED]; };

const uint COLUMNS = 576, ROWS = 1536, KV_HEADS = 3, GROUP = 3, HEAD = 64;

// Where the n-th binding begins, in fours.
uint begin(uint n) { return pushed[n] / 4; }
