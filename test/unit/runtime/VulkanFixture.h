//===- VulkanFixture.h - what tests on a device share -----------*- C++ -*-===//
//
// The tests run under the Khronos validation layer with synchronisation validation, if that is installed;
// whatever it has to say is a failure. Where there is no device they are skipped.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_TEST_UNIT_RUNTIME_VULKANFIXTURE_H
#define HEDDLE_TEST_UNIT_RUNTIME_VULKANFIXTURE_H

#include "FakeProgram.h"

#include <filesystem>
#include <gtest/gtest.h>

namespace heddle::test {

/// A folder of this run's own: the user's cache folder, too.
const std::filesystem::path &runFolder();

/// A fake program that has both shaders and kernels for the processor.
FakeOptions vulkanOptions(FakeKind kind = FakeKind::Decoder);

class DeviceTest : public testing::Test {
protected:
  void SetUp() override;
  void TearDown() override;
};

} // namespace heddle::test

#endif // HEDDLE_TEST_UNIT_RUNTIME_VULKANFIXTURE_H
