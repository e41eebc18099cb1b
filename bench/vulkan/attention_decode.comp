#version 450
#extension GL_GOOGLE_include_directive : require
const uint TOKENS = 1;
#include "attention.glsl"
