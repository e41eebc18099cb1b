// RUN: not heddle-opt %s --widen-lanes=cpu=znver55 2>&1 | FileCheck %s

// CHECK: error: unknown processor 'znver55': expected native, x86-64, x86-64-v2, x86-64-v3, x86-64-v4, or a name such as znver4 or icelake-server; did you mean 'znver5'?
module {}
