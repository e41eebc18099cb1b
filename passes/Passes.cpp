// Registration of the passes.
#include "passes/Passes.h"

void heddle::registerPasses() { registerHeddlePasses(); }
