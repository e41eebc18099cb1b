// Any bytes as a safetensors file: an error, or tensors that can all be read, those in float8 or packed groups, too.
#include "frontend/checkpoint/PackedGroups.h"
#include "frontend/checkpoint/Safetensors.h"
#include "test/unit/checkpoint/Touch.h"

using namespace heddle;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto tensors = parseSafetensors({data, size}, "fuzz");
  if (!tensors) {
    llvm::consumeError(tensors.takeError());
    return 0;
  }
  for (PackedLayout layout :
       {PackedLayout::Gptq, PackedLayout::Awq, PackedLayout::Compressed, PackedLayout::Bytes}) {
    std::vector<StoredTensor> all = *tensors;
    llvm::Error error = joinPackedGroups(all, {layout});
    if (!error)
      error = joinFloat8(all, {2, 2});
    if (!error)
      test::touch(all);
    llvm::consumeError(std::move(error));
  }
  return 0;
}
