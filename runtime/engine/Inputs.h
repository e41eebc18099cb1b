//===- Inputs.h - what a call is given --------------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_ENGINE_INPUTS_H
#define HEDDLE_RUNTIME_ENGINE_INPUTS_H

#include "runtime/program/Sizes.h"

#include <span>
#include <string_view>

namespace heddle {

/// An input of a call: `count` elements, dense in the order of the value's axes.
struct Input {
  std::string_view name;
  format::ElementType type;
  const void *data;
  uint64_t count;

  Input(std::string_view name, std::span<const int32_t> ids)
      : name(name), type(format::ElementType::I32), data(ids.data()), count(ids.size()) {}
  Input(std::string_view name, std::span<const float> numbers)
      : name(name), type(format::ElementType::F32), data(numbers.data()), count(numbers.size()) {}
};

/// Writes the elements of `value` to `target`: the input of its name, else what an optional one is filled
/// with. Throws Error when it is missing, of another length or type, or holds a value out of range.
void fillInput(const format::Value &value, const CallSizes &sizes, std::span<const Input> inputs,
               void *target);

} // namespace heddle

#endif // HEDDLE_RUNTIME_ENGINE_INPUTS_H
