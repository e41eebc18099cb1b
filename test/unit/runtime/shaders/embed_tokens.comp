#version 450
#extension GL_GOOGLE_include_directive : require
#define PUSHED 4
#include "kernel.glsl"

// tokens [T], types [T], rows [T, width]; scalar: factor of the types
void main() {
  uint j = gl_LocalInvocationID.x;
  for (uint t = gl_WorkGroupID.x; t < T; t += gl_NumWorkGroups.x)
    if (j < width)
      store(pushed[2] + t * width + j, float(int(arena[pushed[0] + t])) +
                                           uintBitsToFloat(pushed[3]) * float(int(arena[pushed[1] + t])) +
                                           float(j) + (S == T ? 0.0 : 1000.0));
}
