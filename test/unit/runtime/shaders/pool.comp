#version 450
#extension GL_GOOGLE_include_directive : require
#define PUSHED 3
#include "kernel.glsl"

// rows [T, width], pooled [width]
void main() {
  uint j = gl_LocalInvocationID.x;
  if (gl_WorkGroupID.x == 0 && j < width)
    arena[pushed[1] + j] = arena[pushed[0] + j];
}
