// Blocks of a type, by its name in GGUF, from standard input; the float32 they mean to standard output.
#include "frontend/checkpoint/StorageType.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <vector>

using namespace heddle;

int main(int argc, char **argv) {
  std::optional<StorageType> type = argc == 2 ? storageTypeNamed(argv[1]) : std::nullopt;
  auto input = llvm::MemoryBuffer::getSTDIN();
  if (!type || !input) {
    llvm::errs() << "usage: decode-blocks TYPE < BLOCKS > FLOATS\n";
    return 1;
  }
  const BlockFacts &facts = blockFacts(*type);
  auto *bytes = reinterpret_cast<const uint8_t *>((*input)->getBufferStart());
  std::vector<float> numbers((*input)->getBufferSize() / facts.bytes * facts.elements);
  dequantize(*type, bytes, numbers.size(), numbers.data());
  llvm::outs().write(reinterpret_cast<const char *>(numbers.data()), numbers.size() * sizeof(float));
}
