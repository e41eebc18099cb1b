//===- EvalInputFuzz.cpp - headers of eval's input from strangers ---------===//

#include "runtime/support/Error.h"
#include "runtime/support/Safetensors.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  constexpr uint64_t dataBytes = 1000;
  try {
    for (const auto &[name, entry] : heddle::parseSafetensors({data, size}, dataBytes))
      if (entry.begin > entry.end || entry.end > dataBytes)
        std::abort();
  } catch (const heddle::Error &) {
  }
  return 0;
}
