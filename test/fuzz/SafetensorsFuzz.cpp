// Any bytes as a safetensors file: an error, or tensors that can all be read.
#include "frontend/checkpoint/PackedGroups.h"
#include "frontend/checkpoint/Safetensors.h"
#include "test/unit/checkpoint/Touch.h"

using namespace heddle;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto tensors = parseSafetensors({data, size}, "fuzz");
  llvm::Error error = tensors ? joinPackedGroups(*tensors, {}) : tensors.takeError();
  if (!error)
    error = joinFloat8(*tensors, {2, 2});
  if (!error)
    test::touch(*tensors);
  llvm::consumeError(std::move(error));
  return 0;
}
