#version 450
#extension GL_GOOGLE_include_directive : require
const uint TOKENS = 4;
#include "attention.glsl"
