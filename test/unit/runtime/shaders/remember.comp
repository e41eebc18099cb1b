#version 450
#extension GL_GOOGLE_include_directive : require
#define PUSHED 3
#include "kernel.glsl"

// tokens [T], cache [C]
void main() {
  for (uint t = gl_WorkGroupID.x; t < T; t += gl_NumWorkGroups.x)
    if (gl_LocalInvocationID.x == 0)
      caches[pushed[1] + S - T + t] = floatBitsToUint(float(int(arena[pushed[0] + t])));
}
