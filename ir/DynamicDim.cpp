#include "ir/DynamicDim.h"

using namespace heddle;

std::optional<DynamicDim> heddle::parseDynamicDim(llvm::StringRef text) {
  DynamicDim dim{text.take_front()};
  if (dim.param.empty() || !llvm::StringRef("TSCU").contains(dim.param))
    return std::nullopt;
  text = text.drop_front();
  auto number = [&text](int64_t &value) { return !text.consumeInteger(10, value) && value >= 1; };
  if (text.consume_front("<") && !number(dim.most))
    return std::nullopt;
  dim.divided = text.consume_front("/");
  if ((dim.divided || text.consume_front(":")) && !number(dim.factor))
    return std::nullopt;
  return text.empty() ? std::optional(dim) : std::nullopt;
}
