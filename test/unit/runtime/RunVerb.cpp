//===- RunVerb.cpp - a fake program, run as its user does -----------------===//

#include "RunVerb.h"

#include "runtime/verbs/Verbs.h"

#include <gtest/gtest.h>

namespace heddle::test {

Outcome runVerb(const FakeProgram &fake, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "./fake");
  std::vector<char *> argv;
  for (std::string &argument : arguments)
    argv.push_back(argument.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  int status = runProgram(fake.image(), static_cast<int>(argv.size()), argv.data());
  std::string err = testing::internal::GetCapturedStderr();
  return {status, testing::internal::GetCapturedStdout(), err};
}

std::string continuation(std::string text, size_t count) {
  std::string more;
  for (size_t i = 0; i < count; ++i) {
    std::vector<int32_t> tokens;
    for (char c : text + more)
      tokens.push_back(c - 'a');
    more += static_cast<char>('a' + nextOf(tokens));
  }
  return more;
}

} // namespace heddle::test
