//===- Profile.h - where the time goes --------------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_VERBS_PROFILE_H
#define HEDDLE_RUNTIME_VERBS_PROFILE_H

#include "runtime/engine/Executor.h"

#include <string>

namespace heddle {

/// For each entry that has run since Executor::startProfile, a table of its kernels: calls, time, share of
/// the entry's time, weights read a second, floating-point operations a second.
std::string profileTable(Executor &executor);

} // namespace heddle

#endif // HEDDLE_RUNTIME_VERBS_PROFILE_H
