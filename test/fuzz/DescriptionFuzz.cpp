//===- DescriptionFuzz.cpp - descriptions of programs from strangers ------===//
//
// The first byte chooses one of the tests' fake programs, from 64 on with shaders; each three bytes after it
// are an offset (two bytes) and what to put there, so that what is damaged is near to what is sound. From 128
// on, the rest is a description as it stands.
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/Session.h"
#include "runtime/verbs/Verbs.h"
#include "runtime/vulkan/Windows.h"
#include "test/unit/runtime/FakeProgram.h"

#include <cstdio>
#include <cstdlib>

using namespace heddle;

extern "C" int LLVMFuzzerInitialize(int *, char ***) {
  if (!std::freopen("/dev/null", "w", stdout)) // for `info`
    std::abort();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  test::FakeOptions options{static_cast<test::FakeKind>(data[0] % 3)};
  if (data[0] & 64)
    options.target = "vulkan";
  test::FakeProgram fake(options);
  if (data[0] >= 128)
    fake.description.assign(data + 1, data + size);
  else
    for (size_t i = 1; i + 3 <= size; i += 3)
      fake.description[(data[i] | data[i + 1] << 8) % fake.description.size()] = data[i + 2];
  try {
    Program program(fake.image());
    if (Program::isFor(program.description(), "vulkan")) { // what is planned for a device
      for (uint64_t page : {0, 4096})
        vulkan::WeightWindows(program.description(), 1 << 20, "device", page);
      vulkan::CacheWindows(program.description(), program.description().cache_multiple(), 1 << 20, "device");
    } else {
      infoVerb({fake.image(), "info", {}});
    }
  } catch (const Error &) {
  }
  return 0;
}
