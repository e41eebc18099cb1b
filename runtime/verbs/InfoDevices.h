//===- InfoDevices.h - what `info` says of devices --------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_VERBS_INFODEVICES_H
#define HEDDLE_RUNTIME_VERBS_INFODEVICES_H

#include "runtime/program/Program.h"

#include <optional>
#include <string>

namespace heddle {

/// The devices that the program can be run on, by number and name, the one it would take marked. Throws Error
/// when there is none.
std::string deviceListing(const Program &program);

/// Which shaders each kernel has, those marked that the device `wanted` (none: the best) would get. Where
/// there is no such device the text says why.
std::string shaderListing(const format::Program &program, const std::optional<std::string> &wanted);

} // namespace heddle

#endif // HEDDLE_RUNTIME_VERBS_INFODEVICES_H
