//===- RunVerb.h - a fake program, run as its user does ---------*- C++ -*-===//

#ifndef HEDDLE_TEST_UNIT_RUNTIME_RUNVERB_H
#define HEDDLE_TEST_UNIT_RUNTIME_RUNVERB_H

#include "FakeProgram.h"

#include <string>
#include <vector>

namespace heddle::test {

struct Outcome {
  int status;
  std::string out, err;
};

/// What `./fake ARGUMENTS...` does.
Outcome runVerb(const FakeProgram &fake, std::vector<std::string> arguments);

/// The letters that the decoder writes behind `text`, greedily.
std::string continuation(std::string text, size_t count);

} // namespace heddle::test

#endif // HEDDLE_TEST_UNIT_RUNTIME_RUNVERB_H
