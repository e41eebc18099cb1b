//===- Inputs.cpp - what a call is given ----------------------------------===//

#include "runtime/engine/Inputs.h"

#include "runtime/support/Error.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace heddle {

static void fillDefault(const format::Value &value, uint64_t count, void *target) {
  if (!value.optional())
    throw Error(fmt::format("the model needs the input '{}'", value.name()->string_view()));
  if (value.type() == format::ElementType::I32)
    std::fill_n(static_cast<int32_t *>(target), count, value.otherwise());
  else
    std::fill_n(static_cast<float *>(target), count, static_cast<float>(value.otherwise()));
}

void fillInput(const format::Value &value, const CallSizes &sizes, std::span<const Input> inputs,
               void *target) {
  uint64_t count = countOf(value, sizes);
  std::string_view name = value.name()->string_view();
  auto found =
      std::find_if(inputs.begin(), inputs.end(), [&](const Input &input) { return input.name == name; });
  if (found == inputs.end())
    return fillDefault(value, count, target);
  if (found->type != value.type() || found->count != count)
    throw Error(fmt::format("input '{}' has {} elements, expected {} of type {}", name, found->count, count,
                            format::EnumNameElementType(value.type())));
  if (found->type == format::ElementType::I32 && value.extent() != 0)
    for (int32_t id : std::span(static_cast<const int32_t *>(found->data), count))
      if (id < 0 || static_cast<uint64_t>(id) >= value.extent())
        throw Error(
            fmt::format("input '{}' holds {}: it must be between 0 and {}", name, id, value.extent() - 1));
  if (count > 0)
    std::memcpy(target, found->data, count * sizeof(float));
}

} // namespace heddle
